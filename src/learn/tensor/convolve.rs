//! Convolution of images: the windows of each, laid side by side, times a matrix.

use super::layout::contiguous;
use super::node::{Misfit, TensorData, misfit};
use super::{NamedTensors, Tensor, TensorElement};
use ndarray::IxDyn;

/// Which windows of an image a convolution looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// How high and how wide a window is.
    pub size: [usize; 2],
    /// How far each is from the next.
    pub stride: usize,
    /// How many rows and columns of zeros are put around the image.
    pub padding: usize,
}

impl Windows {
    /// How many there are along the axes of an image.
    fn count(&self, image: [usize; 2]) -> Result<[usize; 2], Misfit> {
        let [high, wide] = self.size;
        let room = |side: usize, own: usize| (side + 2 * self.padding).checked_sub(own);
        match (room(image[0], high), room(image[1], wide)) {
            _ if self.stride == 0 || high == 0 || wide == 0 => {
                misfit("windows", format!("{self:?} are empty"))
            }
            (Some(down), Some(across)) => Ok([down / self.stride + 1, across / self.stride + 1]),
            _ => misfit("windows", format!("of {:?} do not fit into an image of {image:?}", self.size)),
        }
    }

    /// Goes through all rows of windows that lie in the image: a row's number among the windows', where it starts in the
    /// image, how far apart its numbers are there, and how many they are.
    fn for_each_row(
        &self,
        [channels, high, wide]: [usize; 3],
        [down, across]: [usize; 2],
        mut each: impl FnMut(usize, usize, usize, usize),
    ) {
        let Windows { size, stride, padding } = *self;
        for channel in 0..channels {
            for at in 0..size[0] * size[1] {
                let (row, column) = (at / size[1], at % size[1]);
                // The first and the last window whose number at this column is no padding.
                let first = padding.saturating_sub(column).div_ceil(stride);
                let last = (wide + padding).saturating_sub(column).div_ceil(stride).min(across);
                for n in 0..down {
                    let line = (n * stride + row).wrapping_sub(padding);
                    if line < high && first < last {
                        let to = ((channel * size[0] * size[1] + at) * down + n) * across + first;
                        let from = (channel * high + line) * wide + first * stride + column - padding;
                        each(to, from, stride, last - first);
                    }
                }
            }
        }
    }
}

impl<T: TensorElement> Tensor<T> {
    /// The convolution of images (image, channel, row, column) with weights (result's channel, channel, row, column), as
    /// networks have it: a weight's rows and columns run with the image's.
    #[track_caller]
    pub fn conv2d(&self, weights: &Tensor<T>, stride: usize, padding: usize) -> Tensor<T> {
        let (&[images, channels, high, wide], &[outputs, inputs, tall, broad]) =
            (self.shape(), weights.shape())
        else {
            let wrong = [self, weights].into_iter().find(|tensor| tensor.0.value.is_err());
            let about =
                format!("have shapes {:?} and {:?}, not of 4 axes each", self.shape(), weights.shape());
            return match wrong {
                Some(wrong) => wrong.clone(),
                None => Tensor::refused("conv2d", "images and weights", about),
            };
        };
        let windows = Windows { size: [tall, broad], stride, padding };
        let count = match windows.count([high, wide]) {
            Ok(count) if channels == inputs => count,
            Ok(_) => {
                let about = format!("are of {inputs} channels, and the images of {channels}");
                return Tensor::refused("conv2d", "weights", about);
            }
            Err(Misfit { argument, problem }) => return Tensor::refused("conv2d", argument, problem),
        };
        let matrix = weights.reshape(&[outputs, inputs * tall * broad]);
        matrix.matmul(&self.windows(windows)).reshape(&[images, outputs, count[0], count[1]])
    }

    /// The windows of images: for each image a matrix, a column a window.
    #[track_caller]
    pub fn windows(&self, windows: Windows) -> Tensor<T> {
        let value = || {
            let &[images, channels, high, wide] = self.shape() else {
                return misfit("images", format!("have shape {:?}, not one of 4 axes", self.shape()));
            };
            let count = windows.count([high, wide])?;
            let (column, places) = (channels * windows.size[0] * windows.size[1], count[0] * count[1]);
            let mut numbers = vec![T::of(0.0); images * column * places];
            let data = contiguous(self.data());
            let all = data.as_slice().expect("contiguous").chunks_exact((channels * high * wide).max(1));
            for (image, out) in all.zip(numbers.chunks_exact_mut((column * places).max(1))) {
                windows.for_each_row([channels, high, wide], count, |to, from, step, length| {
                    let numbers = image[from..].iter().step_by(step);
                    out[to..to + length].iter_mut().zip(numbers).for_each(|(to, &number)| *to = number);
                });
            }
            Ok(TensorData::from_shape_vec(IxDyn(&[images, column, places]), numbers).expect("as many"))
        };
        Tensor::made("windows", &[self], value, move |step, _| {
            Some(step.adjoint.overlapped(windows, step.inputs[0].shape()))
        })
    }

    /// Images of a shape, with the numbers of their windows added up where they lie.
    #[track_caller]
    fn overlapped(&self, windows: Windows, shape: &[usize]) -> Tensor<T> {
        let value = || {
            let &[images, channels, high, wide] = shape else {
                unreachable!("the shape that windows were taken of")
            };
            let count = windows.count([high, wide])?;
            let size = channels * windows.size[0] * windows.size[1] * count[0] * count[1];
            let mut numbers = vec![T::of(0.0); images * channels * high * wide];
            let data = contiguous(self.data());
            let all = data.as_slice().expect("contiguous").chunks_exact(size.max(1));
            for (part, image) in all.zip(numbers.chunks_exact_mut((channels * high * wide).max(1))) {
                windows.for_each_row([channels, high, wide], count, |from, to, step, length| {
                    let places = image[to..].iter_mut().step_by(step);
                    places.zip(&part[from..from + length]).for_each(|(to, &number)| *to += number);
                });
            }
            Ok(TensorData::from_shape_vec(IxDyn(shape), numbers).expect("as many"))
        };
        Tensor::made("overlapped", &[self], value, move |step, _| Some(step.adjoint.windows(windows)))
    }
}

/// A layer that convolves images with weights, and adds a bias to each channel.
#[derive(Clone, Debug)]
pub struct Conv2d {
    weight: usize,
    bias: usize,
    stride: usize,
    padding: usize,
}

impl Conv2d {
    /// A layer from so many channels to so many, by windows; its weights start uniform, within 1 over the root of how many go
    /// into a sum.
    pub fn new<T: TensorElement>(
        weights: &mut NamedTensors<T>,
        name: &str,
        channels: [usize; 2],
        windows: Windows,
        seed: u64,
    ) -> Conv2d {
        let ([inputs, outputs], [tall, broad]) = (channels, windows.size);
        let bound = 1.0 / ((inputs * tall * broad) as f64).sqrt();
        let start = Tensor::uniform(&[outputs, inputs, tall, broad], -bound, bound, seed);
        Conv2d {
            weight: weights.add_variable(&format!("{name}.weight"), start),
            bias: weights.add_variable(&format!("{name}.bias"), Tensor::zeros(&[outputs])),
            stride: windows.stride,
            padding: windows.padding,
        }
    }

    /// The layer at images (image, channel, row, column).
    #[track_caller]
    pub fn forward<T: TensorElement>(&self, weights: &NamedTensors<T>, images: &Tensor<T>) -> Tensor<T> {
        let bias = &weights[self.bias];
        images.conv2d(&weights[self.weight], self.stride, self.padding) + bias.reshape(&[bias.len(), 1, 1])
    }
}
