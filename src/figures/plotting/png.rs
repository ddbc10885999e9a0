//! SVG to PNG with embedded fonts: the same pixels on every machine.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::style::TICK_SIZE;

/// Dots per inch of the PNG files; journals require 300.
const RESOLUTION: f32 = 300.0;

/// DejaVu Sans, reduced to the characters that figures use; see `assets/fonts/LICENSE.txt`.
const FONT_FILES: [&[u8]; 2] = [
    include_bytes!("../../../assets/fonts/DejaVuSans.subset.ttf"),
    include_bytes!("../../../assets/fonts/DejaVuSans-Oblique.subset.ttf"),
];

/// Rasterises an SVG document; 1 pt is 1/72 in.
///
/// # Errors
/// A message if the document isn't SVG or too large to be drawn.
pub fn rasterise(svg: &str) -> Result<Vec<u8>, String> {
    let tree = Tree::from_str(svg, &options()).map_err(|e| e.to_string())?;
    // usvg converts points into CSS pixels, 96 per inch.
    let scale = RESOLUTION / 96.0;
    let size = tree.size().to_int_size().scale_by(scale);
    let size = size.ok_or("the figure has no area")?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or("the figure is too large")?;
    // The page may cover the last row of pixels only in part, which would leave it translucent.
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| e.to_string())
}

fn options() -> Options<'static> {
    let mut fonts = fontdb::Database::new();
    for file in FONT_FILES {
        fonts.load_font_data(file.to_vec());
    }
    Options {
        font_family: "DejaVu Sans".to_owned(),
        font_size: TICK_SIZE as f32,
        fontdb: std::sync::Arc::new(fonts),
        ..Options::default()
    }
}
