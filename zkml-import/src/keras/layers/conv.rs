//! Convolutions: kernels are stored `[window.., channels, filters]`, ours are `[filters, channels, window..]`.

use zkml_core::{graph::NodeId, shape::Shape, tensor::Tensor};

use super::{
    super::{
        fault::{malformed, misuse},
        lower::Value,
    },
    Job,
};
use crate::{
    constants::permuted,
    error::ImportError,
    ops::{Op, Padding, Window},
};

/// What all convolutions say of their window.
struct Frame {
    axes: usize,
    window: Window,
    channels_first: bool,
}

impl Frame {
    fn read(job: &mut Job<'_, '_, '_>, axes: usize) -> Result<Self, ImportError> {
        let paddings: &[&str] = if axes == 1 { &["valid", "same", "causal"] } else { &["valid", "same"] };
        let kernel = job.options.sizes("kernel_size", axes, &[])?;
        if kernel.is_empty() {
            return Err(misuse(&job.layer, "it has no option `kernel_size`"));
        }
        let stride = job.options.sizes("strides", axes, &[1, 1][..axes])?;
        let dilation = job.options.sizes("dilation_rate", axes, &[1, 1][..axes])?;
        let padding = match job.options.word("padding", paddings)? {
            "same" => Padding::Same,
            "causal" => Padding::Causal,
            _ => Padding::Valid,
        };
        let window = Window { kernel, stride, dilation, padding };
        Ok(Self { axes, window, channels_first: job.channels_first()? })
    }

    /// A window of one element over as many axes.
    fn point(&self) -> Window {
        let ones = vec![1; self.axes];
        Window { kernel: ones.clone(), stride: ones.clone(), dilation: ones, padding: Padding::Valid }
    }

    /// `[window.., a, b]`.
    fn stored(&self, a: usize, b: usize) -> Vec<usize> {
        self.window.kernel.iter().copied().chain([a, b]).collect()
    }

    /// A kernel with its axes in another order.
    fn with_axes(&self, kernel: &Tensor, axes: &[usize]) -> Result<Tensor, ImportError> {
        let refused = || malformed(format!("a kernel of shape {}, expected {} axes", kernel.shape(), axes.len()));
        permuted(kernel, axes).ok_or_else(refused)
    }

    /// `[window.., a, b]` as `[b, a, window..]`.
    fn reversed(&self, kernel: &Tensor) -> Result<Tensor, ImportError> {
        let axes: Vec<usize> = [self.axes + 1, self.axes].into_iter().chain(0..self.axes).collect();
        self.with_axes(kernel, &axes)
    }

    /// `[window.., channels, multiplier]` as `[channels * multiplier, 1, window..]`.
    fn by_channel(&self, kernel: &Tensor) -> Result<Tensor, ImportError> {
        let axes: Vec<usize> = [self.axes, self.axes + 1].into_iter().chain(0..self.axes).collect();
        let kernel = self.with_axes(kernel, &axes)?;
        let dims = kernel.shape().dims().to_vec();
        let shape: Vec<usize> = [dims[0] * dims[1], 1].into_iter().chain(dims[2..].iter().copied()).collect();
        kernel.reshape(Shape::new(shape)).map_err(|e| malformed(e.to_string()))
    }
}

/// A kernel and, where there is one, a bias.
fn with_bias(kernel: Tensor, bias: Option<Tensor>) -> Vec<Tensor> {
    [kernel].into_iter().chain(bias).collect()
}

impl Job<'_, '_, '_> {
    /// The input as `[channels, ..]`, and the number of channels.
    fn channels(&mut self, x: &Value, frame: &Frame) -> Result<(NodeId, usize), ImportError> {
        let node = self.lowering.image(x, frame.axes + 1, frame.channels_first)?;
        let channels = self.lowering.shape(node).dims()[0];
        Ok((node, channels))
    }

    /// The kernels, of these shapes, and the bias, if there is to be one.
    fn kernels(
        &mut self,
        kernels: Vec<(&'static str, Vec<usize>)>,
        filters: usize,
    ) -> Result<(Vec<Tensor>, Option<Tensor>), ImportError> {
        let mut expected = kernels;
        let bias = self.flag("use_bias", true)?;
        if bias {
            expected.push(("bias", vec![filters]));
        }
        let mut tensors = self.weights(&expected)?;
        let bias = if bias { tensors.pop() } else { None };
        Ok((tensors, bias))
    }

    pub(super) fn conv(&mut self, axes: usize, x: Value) -> Result<Value, ImportError> {
        let filters: usize = self.options.need("filters")?;
        let groups: usize = self.options.take("groups")?.unwrap_or(1);
        let frame = Frame::read(self, axes)?;
        let (node, channels) = self.channels(&x, &frame)?;
        if groups == 0 || !channels.is_multiple_of(groups) {
            return Err(misuse(&self.layer, format!("`groups` of {groups} does not divide the {channels} channels")));
        }
        let (kernels, bias) = self.kernels(vec![("kernel", frame.stored(channels / groups, filters))], filters)?;
        let constants = with_bias(frame.reversed(&kernels[0])?, bias);
        let node = self.lowering.op(Op::Conv { window: frame.window, groups }, &[node], constants)?;
        self.fused(self.lowering.as_image(node, frame.channels_first))
    }

    pub(super) fn depthwise(&mut self, axes: usize, x: Value) -> Result<Value, ImportError> {
        let multiplier: usize = self.options.take("depth_multiplier")?.unwrap_or(1);
        self.options.only("groups", &["1"])?;
        let frame = Frame::read(self, axes)?;
        let (node, channels) = self.channels(&x, &frame)?;
        let filters = channels.saturating_mul(multiplier);
        let (kernels, bias) = self.kernels(vec![("depthwise_kernel", frame.stored(channels, multiplier))], filters)?;
        let constants = with_bias(frame.by_channel(&kernels[0])?, bias);
        let node = self.lowering.op(Op::Conv { window: frame.window, groups: channels }, &[node], constants)?;
        self.fused(self.lowering.as_image(node, frame.channels_first))
    }

    pub(super) fn separable(&mut self, axes: usize, x: Value) -> Result<Value, ImportError> {
        let filters: usize = self.options.need("filters")?;
        let multiplier: usize = self.options.take("depth_multiplier")?.unwrap_or(1);
        self.options.only("groups", &["1"])?;
        let frame = Frame::read(self, axes)?;
        let (node, channels) = self.channels(&x, &frame)?;
        let middle = channels.saturating_mul(multiplier);
        let pointwise: Vec<usize> = vec![1; axes].into_iter().chain([middle, filters]).collect();
        let stored = vec![("depthwise_kernel", frame.stored(channels, multiplier)), ("pointwise_kernel", pointwise)];
        let (kernels, bias) = self.kernels(stored, filters)?;
        let point = frame.point();
        let (depthwise, pointwise) = (frame.by_channel(&kernels[0])?, frame.reversed(&kernels[1])?);
        let node = self.lowering.op(Op::Conv { window: frame.window, groups: channels }, &[node], vec![depthwise])?;
        let node = self.lowering.op(Op::Conv { window: point, groups: 1 }, &[node], with_bias(pointwise, bias))?;
        self.fused(self.lowering.as_image(node, frame.channels_first))
    }

    pub(super) fn transpose(&mut self, axes: usize, x: Value) -> Result<Value, ImportError> {
        let filters: usize = self.options.need("filters")?;
        self.options.only("groups", &["1"])?;
        let extra: Option<Vec<usize>> = match self.options.raw("output_padding") {
            None => None,
            // One number, or one for each axis; zero is one of them.
            Some(raw) => {
                let one = serde_json::from_str(raw.get()).map(|n: usize| vec![n; axes]);
                let many = one.or_else(|_| serde_json::from_str::<Vec<usize>>(raw.get())).unwrap_or_default();
                if many.len() != axes {
                    return Err(self.options.refuse("output_padding", raw, &format!("{axes} whole numbers")));
                }
                Some(many)
            }
        };
        let frame = Frame::read(self, axes)?;
        let (node, channels) = self.channels(&x, &frame)?;
        let (kernels, bias) = self.kernels(vec![("kernel", frame.stored(filters, channels))], filters)?;
        let (mut before, mut after, mut longer) = (vec![], vec![], vec![]);
        let Window { kernel, stride, dilation, padding } = &frame.window;
        for axis in 0..axes {
            let extra = extra.as_ref().map(|extra| extra[axis].min(1 << 28));
            let reach = (kernel[axis] - 1).saturating_mul(dilation[axis]).saturating_add(1);
            let (left, right) = margins(*padding == Padding::Same, reach, stride[axis], extra);
            before.push((reach - 1).saturating_sub(left));
            after.push((reach - 1).saturating_sub(right));
            longer.push(right.saturating_sub(reach - 1));
        }
        let constants = with_bias(frame.reversed(&kernels[0])?, bias);
        let window = Window { padding: Padding::Explicit { before, after }, ..frame.window };
        let op = Op::ConvTranspose { window, output_padding: longer, groups: 1 };
        let node = self.lowering.op(op, &[node], constants)?;
        self.fused(self.lowering.as_image(node, frame.channels_first))
    }
}

/// How far the stretched input is extended on either side before a kernel that reaches `reach` slides over it.
///
/// Keras gives `size * stride` outputs for `same` and `size * stride + max(reach - stride, 0)` for `valid`, unless
/// `output_padding` says otherwise.
fn margins(same: bool, reach: usize, stride: usize, output_padding: Option<usize>) -> (usize, usize) {
    if !same {
        let more = output_padding.unwrap_or(reach.max(stride) - reach);
        return (reach - 1, reach - 1 + more);
    }
    let total = match output_padding {
        None => stride + reach - 2,
        Some(more) => reach + reach % 2 + more - 2,
    };
    let left = total.div_ceil(2).min(reach - 1);
    (left, total - left)
}
