//! Keras layers, by class, to nodes.

mod conv;
mod dense;
mod merge;
mod norm;
mod pool;
mod shape;

use zkml_core::{shape::Shape, tensor::Tensor};

use super::{
    activation::Activation,
    config::{Operand, Options, Tap},
    fault::{self, LayerRef, misuse},
    lower::{Lowering, Value},
    weights::Shelf,
};
use crate::{error::ImportError, ops::PoolKind};

/// The mean of what lies in the input: Keras leaves padding out.
const AVERAGE: PoolKind = PoolKind::Avg { include_pad: false };

/// An operand of a call, evaluated.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// A tensor.
    Tensor(Value),
    /// A constant.
    Number(f64),
}

/// One application of a layer.
pub(super) struct Job<'e, 'a, 's> {
    /// The graph so far.
    pub(super) lowering: &'e mut Lowering,
    /// The layer's options.
    pub(super) options: Options<'a>,
    /// Where its weights are.
    pub(super) shelf: &'e Shelf<'s>,
    /// Whether the file is from before Keras 3.
    pub(super) keras2: bool,
    /// The layer.
    pub(super) layer: LayerRef,
}

/// Layers that do nothing at inference.
const IDLE: &[&str] = &[
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "RandomBrightness",
    "RandomContrast",
    "RandomFlip",
    "RandomHeight",
    "RandomRotation",
    "RandomTranslation",
    "RandomWidth",
    "RandomZoom",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
];

/// The classes that [`Job::dispatch`] knows, beside those that do nothing: all of its arms, and activations.
const KNOWN: &[&str] = &[
    "Dense",
    "Conv1D",
    "Conv2D",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "MaxPooling1D",
    "MaxPooling2D",
    "AveragePooling1D",
    "AveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "BatchNormalization",
    "BatchNormalizationV1",
    "SyncBatchNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "Normalization",
    "Rescaling",
    "Flatten",
    "Reshape",
    "Permute",
    "RepeatVector",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "Cropping1D",
    "Cropping2D",
    "UpSampling1D",
    "UpSampling2D",
    "PReLU",
    "Concatenate",
    "Add",
    "Subtract",
    "Multiply",
    "Average",
    "Maximum",
    "Minimum",
    "Divide",
    "TrueDivide",
    "Dot",
    "TFOpLambda",
    "Activation",
    "ReLU",
    "LeakyReLU",
    "ThresholdedReLU",
    "ELU",
    "Softmax",
];

/// The error of a layer whose class is not read at all, whatever its options.
pub(super) fn unknown(layer: &LayerRef) -> Option<ImportError> {
    let class = layer.class.as_str();
    let known = class == "InputLayer" || is_idle(class) || KNOWN.contains(&class);
    (!known).then(|| fault::class(layer, help(class)))
}

/// The repair for a class that has no counterpart.
fn help(class: &str) -> &'static str {
    match class {
        "Lambda" | "TFOpLambda" | "SlicingOpLambda" => {
            "its code is not in the file: express it by layers such as Rescaling, Permute or Multiply"
        }
        "LSTM" | "GRU" | "SimpleRNN" | "RNN" | "Bidirectional" | "ConvLSTM1D" | "ConvLSTM2D" | "LSTMCell"
        | "GRUCell" | "SimpleRNNCell" | "StackedRNNCells" => "recurrent layers are not: use Conv1D with causal padding",
        "TimeDistributed" => "use the layer itself: Dense acts on the last axis of any tensor",
        "Embedding" | "StringLookup" | "IntegerLookup" | "TextVectorization" | "Hashing" | "CategoryEncoding"
        | "Discretization" => "look up before the model, and give it the vectors",
        "Masking" => "remove it; padded steps must be handled before the model",
        "MultiHeadAttention" | "Attention" | "AdditiveAttention" | "GroupQueryAttention" => {
            "attention is not: use Dense, Conv1D or pooling over the sequence"
        }
        "GroupNormalization" | "UnitNormalization" | "SpectralNormalization" => {
            "use BatchNormalization or LayerNormalization"
        }
        "Resizing" | "CenterCrop" | "RandomCrop" => "resize images before the model",
        "Conv3D"
        | "MaxPooling3D"
        | "AveragePooling3D"
        | "GlobalMaxPooling3D"
        | "GlobalAveragePooling3D"
        | "Conv3DTranspose"
        | "ZeroPadding3D"
        | "Cropping3D"
        | "UpSampling3D" => "use the layers for two dimensions",
        "LocallyConnected1D" | "LocallyConnected2D" => "use Conv1D, Conv2D or Dense",
        _ => "build the model from layers of Keras that are documented as supported",
    }
}

/// Whether a layer passes its input on.
pub(super) fn is_idle(class: &str) -> bool {
    IDLE.contains(&class)
}

impl Job<'_, '_, '_> {
    /// The value of the layer.
    pub(super) fn run(mut self, inputs: Vec<Input>) -> Result<Value, ImportError> {
        let value = self.dispatch(inputs)?;
        self.options.finish()?;
        Ok(value)
    }

    fn dispatch(&mut self, inputs: Vec<Input>) -> Result<Value, ImportError> {
        match self.layer.class.as_str() {
            "Dense" => self.dense(one(&self.layer, inputs)?),
            "Conv1D" => self.conv(1, one(&self.layer, inputs)?),
            "Conv2D" => self.conv(2, one(&self.layer, inputs)?),
            "DepthwiseConv1D" => self.depthwise(1, one(&self.layer, inputs)?),
            "DepthwiseConv2D" => self.depthwise(2, one(&self.layer, inputs)?),
            "SeparableConv1D" => self.separable(1, one(&self.layer, inputs)?),
            "SeparableConv2D" => self.separable(2, one(&self.layer, inputs)?),
            "Conv1DTranspose" => self.transpose(1, one(&self.layer, inputs)?),
            "Conv2DTranspose" => self.transpose(2, one(&self.layer, inputs)?),
            "MaxPooling1D" => self.pool(PoolKind::Max, 1, one(&self.layer, inputs)?),
            "MaxPooling2D" => self.pool(PoolKind::Max, 2, one(&self.layer, inputs)?),
            "AveragePooling1D" => self.pool(AVERAGE, 1, one(&self.layer, inputs)?),
            "AveragePooling2D" => self.pool(AVERAGE, 2, one(&self.layer, inputs)?),
            "GlobalMaxPooling1D" => self.global_pool(PoolKind::Max, 1, one(&self.layer, inputs)?),
            "GlobalMaxPooling2D" => self.global_pool(PoolKind::Max, 2, one(&self.layer, inputs)?),
            "GlobalAveragePooling1D" => self.global_pool(AVERAGE, 1, one(&self.layer, inputs)?),
            "GlobalAveragePooling2D" => self.global_pool(AVERAGE, 2, one(&self.layer, inputs)?),
            "BatchNormalization" | "BatchNormalizationV1" | "SyncBatchNormalization" => {
                self.batch_norm(one(&self.layer, inputs)?)
            }
            "LayerNormalization" => self.layer_norm(one(&self.layer, inputs)?),
            "RMSNormalization" => self.rms_norm(one(&self.layer, inputs)?),
            "Normalization" => self.normalization(one(&self.layer, inputs)?),
            "Rescaling" => self.rescaling(one(&self.layer, inputs)?),
            "Flatten" => self.flatten(one(&self.layer, inputs)?),
            "Reshape" => self.reshape(one(&self.layer, inputs)?),
            "Permute" => self.permute(one(&self.layer, inputs)?),
            "RepeatVector" => self.repeat_vector(one(&self.layer, inputs)?),
            "ZeroPadding1D" => self.border("padding", 1, one(&self.layer, inputs)?),
            "ZeroPadding2D" => self.border("padding", 2, one(&self.layer, inputs)?),
            "Cropping1D" => self.border("cropping", 1, one(&self.layer, inputs)?),
            "Cropping2D" => self.border("cropping", 2, one(&self.layer, inputs)?),
            "UpSampling1D" => self.upsample(1, one(&self.layer, inputs)?),
            "UpSampling2D" => self.upsample(2, one(&self.layer, inputs)?),
            "PReLU" => self.prelu(one(&self.layer, inputs)?),
            "Concatenate" => self.concatenate(inputs),
            "Add" | "Subtract" | "Multiply" | "Average" | "Maximum" | "Minimum" | "Divide" | "TrueDivide" => {
                let operation = self.layer.class.clone();
                self.merge(&operation, inputs)
            }
            "Dot" => self.dot(inputs),
            "TFOpLambda" => self.operator(inputs),
            _ => match Activation::layer(&mut self.options, &self.layer, self.keras2)? {
                Some(activation) => {
                    let x = one(&self.layer, inputs)?;
                    self.lowering.activate(x, &activation)
                }
                None => Err(fault::class(&self.layer, help(&self.layer.class))),
            },
        }
    }

    /// The activation that the layer carries.
    fn fused(&mut self, value: Value) -> Result<Value, ImportError> {
        let activation = Activation::option(&mut self.options, &self.layer, self.keras2)?;
        self.lowering.activate(value, &activation)
    }

    /// The layer's weights, which must be exactly these, of these shapes.
    fn weights(&self, expected: &[(&str, Vec<usize>)]) -> Result<Vec<Tensor>, ImportError> {
        let names: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
        let tensors = self.shelf.take(&self.layer, &names, 0)?;
        for ((name, dims), tensor) in expected.iter().zip(&tensors) {
            if tensor.shape().dims() != dims {
                return Err(misuse(
                    &self.layer,
                    format!(
                        "its weight `{name}` has shape {}, expected {} for these options and this input",
                        tensor.shape(),
                        Shape::new(dims.clone())
                    ),
                ));
            }
        }
        Ok(tensors)
    }

    /// Whether the layer reads `[channels, ..]`.
    fn channels_first(&mut self) -> Result<bool, ImportError> {
        Ok(self.options.word("data_format", &["channels_last", "channels_first"])? == "channels_first")
    }

    fn flag(&mut self, key: &str, default: bool) -> Result<bool, ImportError> {
        Ok(self.options.take(key)?.unwrap_or(default))
    }
}

/// The tensor of a layer that takes one.
fn one(layer: &LayerRef, inputs: Vec<Input>) -> Result<Value, ImportError> {
    match <[Input; 1]>::try_from(inputs) {
        Ok([Input::Tensor(value)]) => Ok(value),
        Ok([Input::Number(n)]) => Err(misuse(layer, format!("its input is the number {n}, expected a tensor"))),
        Err(inputs) => Err(misuse(layer, format!("it has {} inputs, expected one", inputs.len()))),
    }
}

/// The tensor that an operand names, for messages.
pub(super) fn describe(operand: &Operand) -> String {
    match operand {
        Operand::Tap(Tap { layer, call }) => format!("call {call} of layer `{layer}`"),
        Operand::Number(n) => n.to_string(),
    }
}

/// For a vector flattened with the channels first from what is `image` in Keras: which element of Keras's order each is.
fn flat_order(image: &Shape) -> impl Fn(usize) -> usize + use<> {
    let channels = image.dims().last().copied().unwrap_or(1).max(1);
    let area = (image.len() / channels).max(1);
    move |i| (i % area) * channels + i / area
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of the arms of a `match` in a source, up to its end.
    fn arms(source: &str, head: &str) -> Vec<String> {
        let body = source.split_once(head).expect("the match").1;
        let body = body.split_once("\n            _ =>").expect("its last arm").0;
        let arms = body.lines().filter(|line| line.starts_with("            \"") && line.contains("=>"));
        let patterns = arms.filter_map(|line| line.split_once("=>")).flat_map(|(pattern, _)| pattern.split('|'));
        patterns.map(|word| word.trim().trim_matches('"').to_owned()).collect()
    }

    #[test]
    fn all_classes_that_are_read_are_known() {
        let mut found = arms(include_str!("mod.rs"), "match self.layer.class.as_str() {");
        found.extend(arms(include_str!("../activation.rs"), "match layer.class.as_str() {"));
        assert!(found.len() > 40, "{found:?}");
        assert_eq!(KNOWN, found);
        let layer = |class: &str| LayerRef { name: "x".to_owned(), class: class.to_owned() };
        assert!(KNOWN.iter().chain(IDLE).all(|class| unknown(&layer(class)).is_none()));
        let refused = unknown(&layer("LSTM")).map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.starts_with("keras layer `x` (LSTM): class `LSTM` is not supported; recurrent"), "{refused}");
    }
}
