//! Images: PNG and PGM, PPM; grey or in colour as the model takes them, of its size.

use image::{DynamicImage, GenericImageView};
use zkml::tensor::Tensor;

use super::Form;

/// The largest side of an image that is read.
const MAX_SIDE: u32 = 1 << 14;

/// An image as an input: its pixels, each of the range 0 to 255, divided as the form says.
pub(super) fn read(bytes: &[u8], form: &Form<'_>) -> Result<Tensor, String> {
    let mut reader = image::ImageReader::new(std::io::Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| format!("it is no image: {e}"))?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    reader.limits(limits);
    let picture = reader.decode().map_err(|e| format!("it is no PNG, PGM or PPM image: {e}"))?;
    let (width, height) = picture.dimensions();
    let (width, height) = (width as usize, height as usize);
    let (name, channels, pixels) = match &picture {
        DynamicImage::ImageLuma8(grey) => ("grey", 1, grey.as_raw()),
        DynamicImage::ImageRgb8(colours) => ("in three colours", 3, colours.as_raw()),
        other => {
            let found = other.color();
            return Err(format!(
                "its pixels are {found:?}, expected grey or red, green and blue, of 8 bits and without transparency"
            ));
        }
    };
    let found = format!("the image is {name} and has {width}x{height} pixels");
    // Where an image lies in the shape: channels first, last, or none.
    let last = match form.shape.dims() {
        [c, h, w] if [*c, *h, *w] == [channels, height, width] => false,
        [h, w, c] if [*h, *w, *c] == [height, width, channels] => true,
        [h, w] if [*h, *w, 1] == [height, width, channels] => true,
        [n] if channels == 1 && *n == width * height => true,
        _ => return Err(format!("{found}, the model takes an input of shape {}", form.shape)),
    };
    let area = width * height;
    Ok(Tensor::from_fn(form.shape.clone(), |i| {
        // In the file, the channels of a pixel are beside each other.
        let at = if last { i } else { (i % area) * channels + i / area };
        f64::from(pixels[at]) / form.divide
    }))
}

#[cfg(test)]
mod tests {
    use zkml::shape::Shape;

    use super::*;

    fn pixels(bytes: &[u8], dims: &[usize], divide: f64) -> Result<Vec<f64>, String> {
        let shape = Shape::new(dims.to_vec());
        read(bytes, &Form { shape: &shape, divide }).map(Tensor::into_data)
    }

    #[test]
    fn images_lie_as_the_model_takes_them() {
        let grey = b"P5\n2 1\n255\n\x00\xff";
        assert_eq!(pixels(grey, &[1, 1, 2], 255.0), Ok(vec![0.0, 1.0]));
        assert_eq!(pixels(grey, &[1, 2, 1], 1.0), Ok(vec![0.0, 255.0]));
        assert_eq!(pixels(grey, &[2], 1.0), Ok(vec![0.0, 255.0]));
        let colours = b"P6\n2 1\n255\n\x01\x02\x03\x04\x05\x06";
        assert_eq!(pixels(colours, &[3, 1, 2], 1.0), Ok(vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
        assert_eq!(pixels(colours, &[1, 2, 3], 1.0), Ok(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let error = pixels(grey, &[1, 28, 28], 1.0).unwrap_err();
        assert_eq!(error, "the image is grey and has 2x1 pixels, the model takes an input of shape [1, 28, 28]");
        assert!(pixels(b"P5 2 1", &[2], 1.0).unwrap_err().starts_with("it is no PNG, PGM or PPM image"));
        let deep = b"P5\n2 1\n65535\n\x00\xff\x00\xff";
        assert!(pixels(deep, &[2], 1.0).unwrap_err().starts_with("its pixels are L16, expected grey"));
    }
}
