"""Makes the fixtures of tests/keras.rs: small models of every layer that is read, with an input and Keras's output.

    pip install keras jax h5py && python make.py 3               # *.k3.keras, *.k3.h5.gz
    pip install tensorflow-cpu tf-keras && python make.py 2      # *.k2.keras, *.k2.h5.gz

Weights and inputs come from a seeded generator. Archives are compressed anew, and legacy
files gzipped, to be small: Keras stores them plain.
"""

import gzip
import json
import os
import struct
import sys
import zipfile

os.environ["KERAS_BACKEND"] = "jax"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
VERSION = int(sys.argv[1])

import numpy as np  # noqa: E402

if VERSION == 3:
    import keras as K
else:
    import tf_keras as K
L = K.layers
HERE = os.path.dirname(os.path.abspath(__file__))


def joined(*branches):
    return L.Concatenate()([b if len(b.shape) == 2 else L.Flatten()(b) for b in branches])


def activations():
    x = L.Input((6,))
    names = ["relu", "elu", "selu", "gelu", "softplus", "softsign", "tanh", "sigmoid", "hard_sigmoid", "exponential",
             "linear", "softmax", "swish", "mish"]
    if VERSION == 3:
        names += ["relu6", "leaky_relu", "silu", "hard_silu", "celu", "hard_tanh", "log_sigmoid", "log_softmax",
                  "tanh_shrink"]
    outs = [L.Activation(n)(x) for n in names]
    outs += [L.ReLU()(x), L.ReLU(max_value=1.0)(x), L.ReLU(negative_slope=0.1)(x), L.ReLU(threshold=0.5)(x),
             L.ReLU(max_value=1.5, negative_slope=0.2, threshold=0.25)(x), L.ReLU(6.0)(x), L.LeakyReLU()(x),
             L.LeakyReLU(0.15)(x), L.ELU(0.7)(x), L.Softmax()(x), L.PReLU()(x)]
    return K.Model(x, joined(*outs), name="activations")


def activations2d():
    x = L.Input((3, 4, 2))
    c = L.Conv2D(3, 2, activation="tanh")(x)
    outs = [L.Softmax(axis=-1)(c), L.Softmax(axis=1)(c), L.Softmax(axis=2)(x), L.PReLU()(c),
            L.PReLU(shared_axes=[1, 2])(c), L.PReLU(shared_axes=[1, 2, 3])(c), L.PReLU(shared_axes=[2, 3])(c),
            L.Activation("softmax")(c), L.Dense(2, activation="relu")(c), L.Dense(3, activation="softmax")(x)]
    return K.Model(x, joined(*outs), name="activations2d")


def convs():
    x = L.Input((7, 6, 2))
    outs = [
        L.Conv2D(3, (3, 2), activation="relu")(x),
        L.Conv2D(2, 3, strides=2, padding="same", use_bias=False)(x),
        L.Conv2D(2, (2, 3), dilation_rate=(2, 1), padding="same")(x),
        L.Conv2D(4, 2, groups=2)(x),
        L.DepthwiseConv2D(3, depth_multiplier=2)(x),
        L.DepthwiseConv2D((2, 3), strides=2, padding="same", use_bias=False, activation="relu")(x),
        L.SeparableConv2D(3, 3, depth_multiplier=2, padding="same")(x),
        L.SeparableConv2D(2, (3, 2), strides=2, use_bias=False)(x),
        L.Conv2DTranspose(2, 3, strides=2, padding="same")(x),
        L.Conv2DTranspose(3, (2, 3), strides=(3, 2), padding="valid", activation="relu")(x),
        L.Conv2DTranspose(1, 4, padding="same", use_bias=False)(x),
        L.Conv2DTranspose(1, 3, padding="valid")(x),
        L.Conv2DTranspose(1, 2, strides=2, padding="same")(x),
    ]
    return K.Model(x, joined(*outs), name="convs")


def convs1d():
    x = L.Input((9, 4))
    outs = [
        L.Conv1D(3, 3, activation="relu")(x),
        L.Conv1D(2, 3, padding="causal", dilation_rate=2)(x),
        L.Conv1D(2, 2, padding="same", strides=2)(x),
        L.Conv1D(2, 3, groups=2, use_bias=False)(x),
        L.SeparableConv1D(3, 3, padding="same", depth_multiplier=2)(x),
        L.DepthwiseConv1D(3, depth_multiplier=2, padding="same")(x),
        L.Conv1DTranspose(2, 3, strides=2, padding="same")(x),
        L.Conv1DTranspose(2, 3, padding="valid")(x),
    ]
    return K.Model(x, joined(*outs), name="convs1d")


def pools():
    x = L.Input((7, 6, 2))
    outs = [
        L.MaxPooling2D()(x), L.MaxPooling2D((3, 2), strides=1, padding="same")(x), L.MaxPooling2D(3, padding="same")(x),
        L.AveragePooling2D(2)(x), L.AveragePooling2D(3, strides=2, padding="same")(x), L.AveragePooling2D((2, 3))(x),
        L.GlobalMaxPooling2D()(x), L.GlobalAveragePooling2D()(x),
        L.Multiply()([x, L.GlobalAveragePooling2D(keepdims=True)(x)]), L.GlobalMaxPooling2D(keepdims=True)(x),
    ]
    return K.Model(x, joined(*outs), name="pools")


def pools1d():
    x = L.Input((9, 3))
    outs = [
        L.MaxPooling1D()(x), L.MaxPooling1D(3, strides=2, padding="same")(x), L.AveragePooling1D(3)(x),
        L.AveragePooling1D(4, padding="same")(x), L.GlobalMaxPooling1D()(x), L.GlobalAveragePooling1D()(x),
        L.GlobalAveragePooling1D(keepdims=True)(x),
    ]
    return K.Model(x, joined(*outs), name="pools1d")


def norms():
    x = L.Input((4, 3, 2))
    f = L.Flatten()(L.Conv2D(2, 2)(x))
    outs = [
        L.BatchNormalization()(x), L.BatchNormalization(scale=False, epsilon=0.01)(x),
        L.BatchNormalization(center=False, axis=1)(x), L.BatchNormalization(axis=2)(x), L.BatchNormalization()(f),
        L.LayerNormalization()(x), L.LayerNormalization(axis=[1, 2, 3], scale=False)(x),
        L.LayerNormalization(center=False)(f), L.Rescaling(1.0 / 8, offset=-0.5)(x), L.Rescaling([2.0, 0.5])(x),
        L.Normalization(axis=-1)(x), L.Normalization(axis=-1, mean=[0.5, -0.5], variance=[2.0, 0.25])(x),
        L.Normalization(axis=None, mean=0.5, variance=4.0)(x), L.Normalization(axis=-1, invert=True)(x),
    ]
    if VERSION == 3:
        outs += [L.RMSNormalization()(x)]
    return K.Model(x, joined(*outs), name="norms")


def shapes():
    x = L.Input((4, 6, 2))
    c = L.Conv2D(3, 3, padding="same")(x)
    s = L.Reshape((8, 9))(c)
    v = L.GlobalAveragePooling2D()(c)
    outs = [
        L.Permute((3, 1, 2))(c), L.Permute((2, 1, 3))(x), L.Reshape((-1, 4))(c), L.RepeatVector(3)(v),
        L.Dense(2)(L.RepeatVector(2)(L.Flatten()(c))), L.ZeroPadding2D(((1, 0), (2, 1)))(c), L.ZeroPadding2D(1)(x),
        L.Cropping2D(((1, 0), (2, 1)))(c), L.UpSampling2D((2, 3))(x), L.ZeroPadding1D((1, 2))(s), L.Cropping1D(2)(s),
        L.UpSampling1D(2)(s), L.Dense(3)(L.Flatten()(c)), L.Dense(2)(L.Dropout(0.5)(L.ReLU()(L.Flatten()(c)))),
        L.GaussianNoise(0.1)(L.SpatialDropout2D(0.1)(c)),
    ]
    return K.Model(x, joined(*outs), name="shapes")


def merges():
    x = L.Input((4, 5, 2))
    a, b = L.Conv2D(3, 1)(x), L.Conv2D(3, 1)(x)
    p, q = L.Dense(3)(x), L.GlobalMaxPooling2D()(a)
    u, w = L.GlobalAveragePooling2D()(a), L.Reshape((4, 15))(b)
    outs = [
        L.Add()([a, b, p]), L.Subtract()([a, p]), L.Multiply()([a, q]), L.Average()([a, b, p]), L.Maximum()([a, b]),
        L.Minimum()([a, p]), L.Concatenate(axis=1)([a, p]), L.Concatenate(axis=2)([b, a]), L.Concatenate()([a, x]),
        a + b, a - 1.5, 2.0 - p, a * 3.0, a / 4.0, L.Dot(axes=1)([u, q]), L.Dot(axes=(1, 1))([w, w]),
        L.Dot(axes=2)([w, w]), L.Add()([L.Flatten()(a), L.Flatten()(b)]),
    ]
    return K.Model(x, joined(*outs), name="merges")


def nested():
    inner = K.Sequential([L.Input((4, 4, 2)), L.Conv2D(3, 3), L.BatchNormalization(), L.ReLU(), L.Flatten()],
                         name="inner")
    i = L.Input((4, 4, 2))
    mid = K.Model(i, L.Dense(3, name="d")(inner(i)), name="mid")
    x = L.Input((4, 4, 2))
    shared = L.Conv2D(2, 3, padding="same", name="shared")
    once = shared(x)
    twice = shared(once)
    y = L.Add()([mid(once), mid(twice)])
    return K.Model(x, L.Dense(3, name="d", activation="softmax")(L.Dropout(0.2)(y)), name="nested")


def sequential():
    return K.Sequential([L.Input((6, 5, 1)), L.Conv2D(2, 3, activation="relu"), L.MaxPooling2D((2, 1)), L.Dropout(0.2),
                         L.Flatten(), L.Dense(4, activation="relu"), L.Dense(3), L.Softmax()], name="sequential")


def channels_first():
    x = L.Input((2, 6, 5))
    opts = {"data_format": "channels_first"}
    c = L.Conv2D(3, 3, activation="relu", **opts)(x)
    outs = [c, L.Flatten(**opts)(c), L.MaxPooling2D(2, **opts)(c), L.BatchNormalization(axis=1)(c),
            L.GlobalAveragePooling2D(keepdims=True, **opts)(c), L.ZeroPadding2D(1, **opts)(c),
            L.Dense(2)(L.Flatten(**opts)(c)), L.UpSampling2D(2, **opts)(c), L.PReLU(shared_axes=[2, 3])(c)]
    return K.Model(x, joined(*outs), name="channels_first")


def digits():
    """The network of examples/digits, with its weights."""
    m = K.Sequential([L.Input((8, 8, 1)), L.Conv2D(8, 3, activation="relu", name="stem"), L.MaxPooling2D(2),
                      L.Flatten(), L.Dense(32, activation="relu", name="hidden"),
                      L.Dense(10, activation="softmax", name="scores")], name="digits")
    with open(os.path.join(HERE, "../../../examples/digits/digits.safetensors"), "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    def tensor(name):
        start, end = header[name]["data_offsets"]
        return np.frombuffer(data[start:end], "<f4").reshape(header[name]["shape"])
    hidden = tensor("hidden.weight").reshape(32, 8, 3, 3).transpose(2, 3, 1, 0).reshape(72, 32)
    m.set_weights([tensor("stem.weight").transpose(2, 3, 1, 0), tensor("stem.bias"), hidden, tensor("hidden.bias"),
                   tensor("scores.weight").T, tensor("scores.bias")])
    return m


CASES = [activations, activations2d, convs, convs1d, pools, pools1d, norms, shapes, merges, nested, sequential]
CASES += [channels_first, digits] if VERSION == 3 else []


def recompress(path):
    with zipfile.ZipFile(path) as z:
        files = [(name, z.read(name)) for name in z.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name, data in files:
            z.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def tensor(a):
    return {"shape": list(a.shape), "data": [float(f"{v:.7g}") for v in a.ravel().tolist()]}


for case in CASES:
    K.backend.clear_session()
    rng = np.random.default_rng(7)
    model = case()
    if case is not digits:
        values = []
        for w in model.weights:
            name, shape = w.name if VERSION == 2 else w.path, tuple(w.shape)
            v = rng.normal(0.0, 0.6, shape).astype("float32")
            if "variance" in name or "gamma" in name:
                v = np.abs(v) + 0.3
            elif "count" in name:
                v = np.zeros(shape)
            values.append(v)
        model.set_weights(values)
        for layer in model.layers:
            if isinstance(layer, L.Normalization):
                layer.finalize_state()
    x = rng.normal(0.0, 1.0, (1,) + tuple(model.input_shape[1:])).astype("float32")
    y = np.asarray(model.predict(x, verbose=0))
    stem = os.path.join(HERE, f"{case.__name__}.k{VERSION}")
    model.save(stem + ".keras")
    recompress(stem + ".keras")
    if case is not digits:
        model.save(stem + ".h5")
        with open(stem + ".h5", "rb") as f, gzip.GzipFile(stem + ".h5.gz", "wb", mtime=0) as z:
            z.write(f.read())
        os.remove(stem + ".h5")
    with open(stem + ".json", "w") as f:
        json.dump({"input": tensor(x[0]), "output": tensor(y[0])}, f)
        f.write("\n")
    print(case.__name__, x.shape, y.shape)
