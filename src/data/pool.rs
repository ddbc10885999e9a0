//! Average pooling: smaller images from the means of squares of pixels.

use super::error::DataError;

/// Images of `shape` (rows, columns), one after the other, with every square of `side` × `side`
/// pixels replaced by its rounded mean.
///
/// # Errors
/// A side that does not divide the rows and columns.
pub fn average(pixels: &[u8], shape: (usize, usize), side: usize) -> Result<Vec<u8>, DataError> {
    let (rows, columns) = shape;
    if !(rows.is_multiple_of(side) && columns.is_multiple_of(side)) {
        return Err(DataError::Pool { side, rows, columns });
    }
    let squares = |image: &[u8]| -> Vec<u8> {
        let corners = (0..rows)
            .step_by(side)
            .flat_map(|row| (0..columns).step_by(side).map(move |column| row * columns + column));
        corners.map(|corner| mean(image, corner, columns, side)).collect()
    };
    Ok(pixels.chunks_exact(rows * columns).flat_map(squares).collect())
}

fn mean(image: &[u8], corner: usize, columns: usize, side: usize) -> u8 {
    let rows = (0..side).map(|row| &image[corner + row * columns..][..side]);
    let sum: u64 = rows.flatten().map(|&pixel| u64::from(pixel)).sum();
    let area = (side * side) as u64;
    ((sum + area / 2) / area) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_become_their_means() {
        let image = [0, 4, 255, 255, 8, 12, 255, 255];
        assert_eq!(average(&[image, [7; 8]].concat(), (2, 4), 2).unwrap(), [6, 255, 7, 7]);
        assert_eq!(average(&image, (2, 4), 1).unwrap(), image);
    }

    #[test]
    fn a_side_that_does_not_fit_is_refused() {
        let error = average(&[0; 8], (2, 4), 4).unwrap_err().to_string();
        assert!(error.contains("data.pool = 4") && error.contains("2 × 4"), "{error}");
    }
}
