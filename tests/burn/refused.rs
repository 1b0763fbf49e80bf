//! What no layer does is said, with its name, its shapes and what ran before it.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use zkml::burn::{capture, capture_module};

use crate::support::{Bare, device};

#[derive(Module, Debug)]
struct Net {
    hidden: Linear,
}

fn net() -> Net {
    Net { hidden: LinearConfig::new(4, 4).init(&device()) }
}

#[test]
fn an_unknown_operation() {
    let error = capture_module(&net(), [1, 4], |m, x| m.hidden.forward(x).cumsum(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found operation `cum_sum` of [1, 4] to [1, 4], expected an operation that a layer does; \
         it runs after module `hidden`"
    );
}

#[test]
fn a_wrong_shape_is_told_in_burns_words() {
    let error = capture_module(&net(), [1, 5], |m, x| m.hidden.forward(x)).unwrap_err().to_string();
    assert!(error.starts_with("a forward pass that fails on an input of shape [1, 5]: "), "{error}");
    assert!(error.contains("expected 4, got 5"), "{error}");
}

#[test]
fn a_batch() {
    let error = capture_module(&net(), [2, 4], |m, x| m.hidden.forward(x)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found an input of shape [2, 4], expected a batch of 1 as its first extent; a network is recorded on one input"
    );
}

#[test]
fn an_output_that_ignores_the_input() {
    let error = capture_module(&Bare {}, [1, 4], |_, x: Tensor<2>| Tensor::<2>::ones([1, 4], &x.device())).unwrap_err();
    assert!(error.to_string().contains("the same for every input"), "{error}");
}

#[test]
fn a_module_on_another_device() {
    let module = net();
    let error = capture([1, 4], |x: Tensor<2>| module.hidden.forward(x)).unwrap_err().to_string();
    assert!(error.contains("a forward pass that fails"), "{error}");
}

#[test]
fn numbers_that_are_read_while_recording() {
    let error = capture([1, 4], |x: Tensor<2>| {
        let first = x.clone().sum().into_scalar::<f32>();
        x * first
    });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("values can't be read while recording"), "{error}");
}

#[test]
fn a_failed_recording_leaves_the_next_one_alone() {
    for _ in 0..3 {
        assert!(capture_module(&net(), [1, 5], |m, x| m.hidden.forward(x)).is_err());
        assert!(capture_module(&net(), [1, 4], |m, x| m.hidden.forward(x)).is_ok());
    }
}

#[test]
fn a_module_that_is_being_trained_is_recorded_as_it_is_used() {
    use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig};
    #[derive(Module, Debug)]
    struct Trained {
        norm: BatchNorm,
        dropout: Dropout,
    }
    let device = Device::flex().autodiff();
    let module = Trained { norm: BatchNormConfig::new(3).init(&device), dropout: DropoutConfig::new(0.5).init() };
    let import = capture_module(&module, [1, 3, 2], |m, x| m.dropout.forward(m.norm.forward(x))).unwrap();
    assert_eq!(crate::support::layers(&import), ["batch_norm"]);
    // Its statistics are still on the device that trains.
    let x = Tensor::<3>::ones([2, 3, 2], &device);
    assert_eq!(module.norm.forward(x).dims(), [2, 3, 2]);
}
