use zkml::zk_model;

#[zk_model(onnx = "../../../../zkml-import/tests/onnx/classifier.onnx", class = true, channels_first = true)]
struct Keras;

#[zk_model(onnx = "../../../../zkml-import/tests/onnx/classifier.onnx", name = "Other", forward = classify, input = [1, 1, 6, 6])]
struct Burn;

#[zk_model(onnx = "../../../../zkml-import/tests/onnx/classifier.onnx", keras = "lenet.keras")]
struct Both;

fn main() {}
