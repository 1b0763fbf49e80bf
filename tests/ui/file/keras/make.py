"""Makes files that are refused, from the network of the example `digits`.

    python make.py
"""

import pathlib
import zipfile

HERE = pathlib.Path(__file__).parent
SOURCE = HERE / "../../../../zkml-import/tests/keras/digits.k3.keras"


def changed(name, old, new):
    """A copy whose configuration says `new` where the source says `old`, once."""
    with zipfile.ZipFile(SOURCE) as source, zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.namelist():
            data = source.read(entry)
            if entry == "config.json":
                assert data.count(old) == 1
                data = data.replace(old, new)
            target.writestr(zipfile.ZipInfo(entry), data, zipfile.ZIP_DEFLATED, 9)


# A layer that Keras has, and no layer does.
changed("unsupported.keras", b'"class_name": "MaxPooling2D"', b'"class_name": "ConvLSTM2D"')
# More units than its weights have.
changed("mismatch.keras", b'"units": 10', b'"units": 12')
