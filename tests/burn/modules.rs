//! Modules as people write them.

use burn::{
    module::{Module, Param},
    nn::{
        self, BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Gelu, LayerNorm, LayerNormConfig, Linear,
        LinearConfig, PaddingConfig2d,
        conv::{Conv1d, Conv1dConfig, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig},
        pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Tensor, activation::relu},
};

use crate::support::{Bare, agree, device, layers};

#[derive(Module, Debug)]
struct Mlp {
    layers: Vec<Linear>,
    dropout: Dropout,
}

#[test]
fn mlp() {
    let d = device();
    let layers = [(6, 8), (8, 8), (8, 3)].map(|(i, o)| LinearConfig::new(i, o).init(&d)).to_vec();
    let import = agree(Mlp { layers, dropout: DropoutConfig::new(0.5).init() }, [1, 6], |m, x| {
        let [first, middle, last] = m.layers.as_slice() else { unreachable!() };
        last.forward(m.dropout.forward(relu(middle.forward(relu(first.forward(x))))))
    });
    assert_eq!(crate::support::layers(&import), ["dense", "relu", "dense", "relu", "dense"]);
    let names: Vec<&str> = import.weights.iter().map(|(n, _)| n).collect();
    let expected = ["layers.0", "layers.1", "layers.2"].map(|l| [format!("{l}.bias"), format!("{l}.weight")]);
    assert_eq!(names, expected.concat());
}

#[derive(Module, Debug)]
struct Lenet {
    first: Conv2d,
    second: Conv2d,
    pool: MaxPool2d,
    hidden: Linear,
    scores: Linear,
}

#[test]
fn lenet() {
    let d = device();
    let module = Lenet {
        first: Conv2dConfig::new([1, 4], [3, 3]).init(&d),
        second: Conv2dConfig::new([4, 6], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(&d),
        pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        hidden: LinearConfig::new(54, 12).init(&d),
        scores: LinearConfig::new(12, 5).with_bias(false).init(&d),
    };
    let import = agree(module, [1, 1, 14, 14], |m, x| {
        let x = m.pool.forward(relu(m.first.forward(x)));
        let x = m.pool.forward(relu(m.second.forward(x)));
        m.scores.forward(relu(m.hidden.forward(x.flatten::<2>(1, 3))))
    });
    let expected =
        ["conv2d", "relu", "max_pool2d", "conv2d", "relu", "max_pool2d", "flatten", "dense", "relu", "dense"];
    assert_eq!(layers(&import), expected);
    assert!(import.weights.get("scores.bias").is_none());
}

#[derive(Module, Debug)]
struct Block {
    conv: Conv2d,
    norm: BatchNorm,
    depthwise: Conv2d,
    strided: Conv2d,
}

fn block() -> Block {
    let d = device();
    let same = PaddingConfig2d::Explicit(1, 1, 1, 1);
    Block {
        conv: Conv2dConfig::new([3, 3], [3, 3]).with_padding(same.clone()).with_bias(false).init(&d),
        norm: BatchNormConfig::new(3).init(&d),
        depthwise: Conv2dConfig::new([3, 6], [3, 3]).with_groups(3).with_padding(same).init(&d),
        strided: Conv2dConfig::new([6, 4], [2, 2]).with_stride([2, 2]).with_dilation([2, 2]).init(&d),
    }
}

#[test]
fn residual_blocks_with_batch_norm() {
    let import = agree(block(), [1, 3, 6, 6], |m, x| {
        let y = relu(m.norm.forward(m.conv.forward(x.clone())));
        relu(y + x)
    });
    assert_eq!(layers(&import), ["conv2d", "batch_norm", "relu", "add", "relu"]);
    let names: Vec<&str> = import.weights.iter().map(|(n, _)| n).collect();
    assert_eq!(names, ["conv.weight", "norm.beta", "norm.gamma", "norm.mean", "norm.var"]);
}

#[test]
fn grouped_strided_and_dilated_convolutions() {
    let import = agree(block(), [1, 3, 6, 6], |m, x| m.strided.forward(m.depthwise.forward(x)));
    assert_eq!(layers(&import), ["conv2d", "conv2d"]);
}

#[derive(Module, Debug)]
struct Scaled {
    scale: Param<Tensor<1>>,
    shift: Param<Tensor<1>>,
    table: Param<Tensor<3>>,
}

fn scaled() -> Scaled {
    let d = device();
    Scaled {
        scale: Param::from_tensor(Tensor::ones([3], &d)),
        shift: Param::from_tensor(Tensor::ones([3], &d)),
        table: Param::from_tensor(Tensor::ones([1, 4, 5], &d)),
    }
}

#[test]
fn a_norm_written_out_is_one_batch_norm() {
    let import = agree(scaled(), [1, 3, 4, 4], |m, x| {
        let [scale, shift] = [&m.scale, &m.shift].map(|p| p.val().reshape([1, 3, 1, 1]));
        (x - shift.clone()) / (scale.clone() + 1e-3).sqrt() * scale + shift
    });
    assert_eq!(layers(&import), ["batch_norm"]);
}

#[test]
fn tensors_that_are_added_are_parameters() {
    let import = agree(scaled(), [1, 4, 5], |m, x| x + m.table.val());
    assert_eq!(layers(&import), ["parameter", "add"]);
    assert!(import.weights.get("table.value").is_some());
}

#[derive(Module, Debug)]
struct Pools {
    max: MaxPool2d,
    average: AvgPool2d,
    global: AdaptiveAvgPool2d,
    quarter: AdaptiveAvgPool2d,
}

#[test]
fn pools() {
    let module = || Pools {
        max: MaxPool2dConfig::new([3, 3])
            .with_strides([2, 2])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .init(),
        average: AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        global: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
        quarter: AdaptiveAvgPool2dConfig::new([2, 2]).init(),
    };
    let import = agree(module(), [1, 2, 8, 8], |m, x| m.global.forward(m.max.forward(x)).flatten::<2>(1, 3));
    assert_eq!(layers(&import), ["max_pool2d", "global_avg_pool2d"]);
    let import = agree(module(), [1, 2, 8, 8], |m, x| m.quarter.forward(m.average.forward(x)));
    assert_eq!(layers(&import), ["avg_pool2d", "avg_pool2d"]);
}

#[test]
fn pools_with_uneven_borders() {
    let config = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]);
    let max = config.with_padding(PaddingConfig2d::Explicit(0, 0, 1, 1)).init();
    let average = AvgPool2dConfig::new([2, 2]).init();
    let global = AdaptiveAvgPool2dConfig::new([1, 1]).init();
    let module = Pools { max, average, quarter: global.clone(), global };
    assert_eq!(layers(&agree(module, [1, 2, 8, 8], |m, x| m.max.forward(x))), ["max_pool2d"]);
}

#[derive(Module, Debug)]
struct FeedForward {
    norm: LayerNorm,
    up: Linear,
    act: Gelu,
    down: Linear,
}

#[test]
fn feed_forward_over_a_sequence() {
    let d = device();
    let module = FeedForward {
        norm: LayerNormConfig::new(6).init(&d),
        up: LinearConfig::new(6, 12).init(&d),
        act: Gelu::new(),
        down: LinearConfig::new(12, 6).init(&d),
    };
    let import = agree(module, [1, 4, 6], |m, x| {
        let y = m.norm.forward(x.clone());
        x + m.down.forward(m.act.forward(m.up.forward(y)))
    });
    assert_eq!(layers(&import), ["layer_norm", "dense", "gelu", "dense", "add"]);
}

#[derive(Module, Debug)]
struct Norms {
    rms: nn::RmsNorm,
    instance: nn::InstanceNorm,
    group: nn::GroupNorm,
    prelu: nn::PRelu,
}

fn norms() -> Norms {
    let d = device();
    Norms {
        rms: nn::RmsNormConfig::new(5).init(&d),
        instance: nn::InstanceNormConfig::new(4).init(&d),
        group: nn::GroupNormConfig::new(2, 4).init(&d),
        prelu: nn::PReluConfig::new().with_num_parameters(4).init(&d),
    }
}

#[test]
fn norms_are_recognised() {
    assert_eq!(layers(&agree(norms(), [1, 3, 5], |m, x| m.rms.forward(x))), ["rms_norm"]);
    let import = agree(norms(), [1, 4, 3, 3], |m, x| m.instance.forward(x));
    assert_eq!(layers(&import), ["reshape", "instance_norm", "reshape"]);
    assert!(import.weights.get("instance.gamma").is_some());
    let import = agree(norms(), [1, 4, 3, 3], |m, x| m.group.forward(x));
    assert_eq!(layers(&import), ["reshape", "instance_norm", "reshape", "batch_norm"]);
    assert_eq!(layers(&agree(norms(), [1, 4, 3, 3], |m, x| m.prelu.forward(x))), ["prelu"]);
}

#[derive(Module, Debug)]
struct Up {
    up: ConvTranspose2d,
    line: Conv1d,
}

#[test]
fn transposed_and_one_dimensional_convolutions() {
    let d = device();
    let module = || Up {
        up: ConvTranspose2dConfig::new([2, 3], [3, 3])
            .with_stride([2, 2])
            .with_padding([1, 1])
            .with_padding_out([1, 1])
            .init(&d),
        line: Conv1dConfig::new(2, 3, 3).init(&d),
    };
    assert_eq!(layers(&agree(module(), [1, 2, 4, 4], |m, x| m.up.forward(x))), ["conv2d_transpose"]);
    assert_eq!(layers(&agree(module(), [1, 2, 9], |m, x| m.line.forward(x))), ["conv1d"]);
}

#[test]
fn elements_move() {
    let x = [1, 2, 3, 4];
    agree(Bare {}, x, |_, x| x.permute([0, 2, 3, 1]));
    agree(Bare {}, x, |_, x| x.swap_dims(2, 3).reshape([1, 4, 6]));
    agree(Bare {}, x, |_, x| x.permute([2, 0, 1, 3]).reshape([1, 24]));
    agree(Bare {}, x, |_, x| x.slice([0..1, 1..2, 0..3, 1..3]));
    agree(Bare {}, x, |_, x| x.flip([2, 3]));
    agree(Bare {}, x, |_, x| Tensor::cat(vec![x.clone() * 2.0, x], 1));
    agree(Bare {}, x, |_, x| Tensor::cat(vec![x.clone() * 2.0, x], 0));
    agree(Bare {}, x, |_, x| x.repeat_dim(1, 2));
    agree(Bare {}, x, |_, x| x.pad((1, 0, 2, 1), 0.5));
    let squeezed = agree(Bare {}, [1, 1, 3, 1], |_, x| x.permute([0, 2, 1, 3]).squeeze_dims::<2>(&[2, 3]) * 2.0);
    assert_eq!(layers(&squeezed).last(), Some(&"scale"));
}

#[test]
fn axes_reduce() {
    let x = [1, 2, 3, 4];
    assert_eq!(layers(&agree(Bare {}, x, |_, x| x.mean_dim(3).squeeze_dim::<3>(3))), ["reduce_mean"]);
    agree(Bare {}, x, |_, x| x.clone() - x.mean_dim(1));
    agree(Bare {}, x, |_, x| x.sum_dim(0).sum_dim(2));
    agree(Bare {}, x, |_, x| x.max_dim(1));
    agree(Bare {}, x, |_, x| x.min_dim(2));
    agree(Bare {}, x, |_, x| x.mean().reshape([1, 1]));
}

#[test]
fn attention_is_made_of_matrix_products() {
    #[derive(Module, Debug)]
    struct Attention {
        attention: nn::attention::MultiHeadAttention,
    }
    let attention = nn::attention::MultiHeadAttentionConfig::new(8, 2).with_dropout(0.0).init(&device());
    let import = agree(Attention { attention }, [1, 3, 8], |m, x| {
        m.attention.forward(nn::attention::MhaInput::self_attn(x)).context
    });
    assert_eq!(layers(&import).iter().filter(|l| **l == "dense").count(), 4, "{}", import.graph);
    assert_eq!(layers(&import).iter().filter(|l| **l == "softmax").count(), 1, "{}", import.graph);
}
