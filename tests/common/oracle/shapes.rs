//! Layers that move, join and sum, by coordinates.

use zkml::layer::Literal;

use super::{Grid, Named, Values, constant, conv2d, power, total};

/// The coordinates of an element.
fn coordinates(dims: &[usize], mut flat: usize) -> Vec<usize> {
    let mut all: Vec<usize> = dims
        .iter()
        .rev()
        .map(|extent| {
            let at = flat % extent;
            flat /= extent;
            at
        })
        .collect();
    all.reverse();
    all
}

/// The element at these coordinates.
fn at(x: &Grid, coordinates: &[usize]) -> i128 {
    assert_eq!(x.dims.len(), coordinates.len());
    x.data[x.dims.iter().zip(coordinates).fold(0, |flat, (extent, at)| flat * extent + at)]
}

/// Every element from its coordinates.
fn build(dims: Vec<usize>, f: impl Fn(&[usize]) -> i128) -> Values {
    let data = (0..dims.iter().product()).map(|flat| f(&coordinates(&dims, flat))).collect();
    (dims, data)
}

fn list(args: &Named, name: &str) -> Vec<i64> {
    match args.get(name) {
        Some(Literal::List(l)) => l.clone(),
        Some(Literal::Int(i)) => vec![*i],
        other => panic!("`{name}` is {other:?}"),
    }
}

fn signed(args: &Named, name: &str) -> Option<i64> {
    args.get(name).map(|_| list(args, name)[0])
}

/// The axis that an argument names.
fn axis(axis: i64, x: &Grid) -> usize {
    axis.rem_euclid(x.dims.len() as i64) as usize
}

/// The shape that some tensors grow to.
fn grown(shapes: &[&[usize]]) -> Vec<usize> {
    let rank = shapes.iter().map(|s| s.len()).max().unwrap();
    (0..rank)
        .map(|axis| shapes.iter().filter_map(|s| s.iter().rev().nth(rank - 1 - axis)).max().copied().unwrap())
        .collect()
}

/// The element that these coordinates of a larger shape repeat.
fn repeated(x: &Grid, coordinates: &[usize]) -> i128 {
    let last = &coordinates[coordinates.len() - x.dims.len()..];
    let inside: Vec<usize> = x.dims.iter().zip(last).map(|(extent, at)| if *extent == 1 { 0 } else { *at }).collect();
    at(x, &inside)
}

pub fn pairs(x: &[&Grid], f: impl Fn(i128, i128) -> i128) -> Values {
    build(grown(&[&x[0].dims, &x[1].dims]), |c| f(repeated(x[0], c), repeated(x[1], c)))
}

pub fn dense(units: usize, x: &Grid, p: &[Vec<i128>]) -> Values {
    let inputs = *x.dims.last().unwrap();
    let dims = [&x.dims[..x.dims.len() - 1], &[units]].concat();
    build(dims, |c| {
        let (o, before) = c.split_last().unwrap();
        let term = |i: usize| p[0][o * inputs + i] * at(x, &[before, &[i]].concat());
        (0..inputs).map(term).sum::<i128>() + p.get(1).map_or(0, |bias| bias[*o])
    })
}

pub fn offset(value: f64, x: &Grid, factor: i32) -> (Values, i32) {
    let whole = (-60..60).find(|scale| (value * 2f64.powi(*scale)).fract() == 0.0).unwrap_or(60);
    let scale = if value == 0.0 { x.scale } else { x.scale.max(factor.min(whole)) };
    let data = x.data.iter().map(|q| (q << (scale - x.scale)) + constant(value, scale)).collect();
    ((x.dims.clone(), data), scale)
}

pub fn parameter(args: &Named, p: &[Vec<i128>]) -> Values {
    (list(args, "shape").iter().map(|d| *d as usize).collect(), p[0].clone())
}

pub fn concat(args: &Named, x: &[&Grid]) -> (Values, i32) {
    let axis = axis(signed(args, "axis").unwrap(), x[0]);
    let scale = x.iter().map(|x| x.scale).max().unwrap();
    let mut dims = x[0].dims.clone();
    dims[axis] = x.iter().map(|x| x.dims[axis]).sum();
    let values = build(dims, |c| {
        let mut c = c.to_vec();
        let from = x.iter().find(|x| {
            let here = c[axis] < x.dims[axis];
            if !here {
                c[axis] -= x.dims[axis];
            }
            here
        });
        let from = from.unwrap();
        at(from, &c) << (scale - from.scale)
    });
    (values, scale)
}

pub fn permute(args: &Named, x: &Grid) -> Values {
    let order: Vec<usize> = list(args, "axes").iter().map(|a| axis(*a, x)).collect();
    build(order.iter().map(|a| x.dims[*a]).collect(), |c| {
        let mut from = vec![0; c.len()];
        order.iter().zip(c).for_each(|(a, at)| from[*a] = *at);
        at(x, &from)
    })
}

pub fn transpose(x: &Grid) -> Values {
    let mut dims = x.dims.clone();
    let last = dims.len() - 1;
    dims.swap(last - 1, last);
    build(dims, |c| {
        let mut from = c.to_vec();
        from.swap(last - 1, last);
        at(x, &from)
    })
}

/// The elements of one axis, by number.
fn chosen(x: &Grid, axis: usize, numbers: &[usize]) -> Values {
    let mut dims = x.dims.clone();
    dims[axis] = numbers.len();
    build(dims, |c| {
        let mut from = c.to_vec();
        from[axis] = numbers[c[axis]];
        at(x, &from)
    })
}

pub fn slice(args: &Named, x: &Grid) -> Values {
    let axis = axis(signed(args, "axis").unwrap(), x);
    let (extent, step) = (x.dims[axis] as i64, signed(args, "step").unwrap());
    let place = |name: &str| signed(args, name).map(|i| if i < 0 { i + extent } else { i });
    let mut numbers = vec![];
    let mut i = place("start").unwrap_or(if step > 0 { 0 } else { extent - 1 });
    let end = place("end").unwrap_or(if step > 0 { extent } else { -1 });
    if step < 0 {
        i = i.min(extent - 1);
    }
    while (step > 0 && i < end || step < 0 && i > end) && (0..extent).contains(&i) {
        numbers.push(i as usize);
        i += step;
    }
    chosen(x, axis, &numbers)
}

pub fn gather(args: &Named, x: &Grid) -> Values {
    let axis = axis(signed(args, "axis").unwrap(), x);
    let extent = x.dims[axis] as i64;
    let numbers: Vec<usize> = list(args, "indices").iter().map(|i| i.rem_euclid(extent) as usize).collect();
    chosen(x, axis, &numbers)
}

/// Before and after each axis.
fn border(args: &Named, name: &str, x: &Grid) -> (Vec<i64>, Vec<i64>) {
    let (rank, l) = (x.dims.len(), list(args, name));
    match (rank, l.len()) {
        (r, n) if n == 2 * r => (l[..r].to_vec(), l[r..].to_vec()),
        (3, 1) => (vec![0, l[0], l[0]], vec![0, l[0], l[0]]),
        (2, 1) => (vec![0, l[0]], vec![0, l[0]]),
        (3, 2) => (vec![0, l[0], l[1]], vec![0, l[0], l[1]]),
        (2, 2) => (vec![0, l[0]], vec![0, l[1]]),
        (3, 4) => (vec![0, l[0], l[1]], vec![0, l[2], l[3]]),
        other => panic!("a border of {other:?}"),
    }
}

pub fn pad(args: &Named, x: &Grid) -> Values {
    let (before, after) = border(args, "padding", x);
    let dims = (0..x.dims.len()).map(|a| x.dims[a] + (before[a] + after[a]) as usize).collect();
    let fill = constant(args.float("value"), x.scale);
    let mode = match args.get("mode") {
        Some(Literal::Word(w)) => w.as_str(),
        other => panic!("`mode` is {other:?}"),
    };
    build(dims, |c| {
        let mut from = vec![];
        for (a, extent) in x.dims.iter().map(|d| *d as i64).enumerate() {
            let mut i = c[a] as i64 - before[a];
            while mode == "reflect" && !(0..extent).contains(&i) {
                i = if i < 0 { -i } else { 2 * (extent - 1) - i };
            }
            if mode == "edge" {
                i = i.max(0).min(extent - 1);
            }
            if !(0..extent).contains(&i) {
                return fill;
            }
            from.push(i as usize);
        }
        at(x, &from)
    })
}

pub fn crop(args: &Named, x: &Grid) -> Values {
    let (before, after) = border(args, "cropping", x);
    let dims = (0..x.dims.len()).map(|a| x.dims[a] - (before[a] + after[a]) as usize).collect();
    build(dims, |c| at(x, &c.iter().zip(&before).map(|(i, b)| i + *b as usize).collect::<Vec<_>>()))
}

pub fn broadcast_to(args: &Named, x: &Grid) -> Values {
    let shape: Vec<usize> = list(args, "shape").iter().map(|d| *d as usize).collect();
    build(grown(&[&shape, &x.dims]), |c| repeated(x, c))
}

pub fn upsample(args: &Named, x: &Grid) -> Values {
    let size = list(args, "size");
    let by = |axis: usize| if axis == 0 { 1 } else { size[axis - 1] as usize };
    let dims = x.dims.iter().enumerate().map(|(axis, extent)| extent * by(axis)).collect();
    build(dims, |c| at(x, &c.iter().enumerate().map(|(axis, i)| i / by(axis)).collect::<Vec<_>>()))
}

pub fn depth_to_space(args: &Named, x: &Grid) -> Values {
    let b = args.whole("block");
    let n = x.dims[0] / (b * b);
    let crd = matches!(args.get("mode"), Some(Literal::Word(w)) if w == "crd");
    build(vec![n, x.dims[1] * b, x.dims[2] * b], |c| {
        let (p, q) = (c[1] % b, c[2] % b);
        let channel = if crd { (c[0] * b + p) * b + q } else { (p * b + q) * n + c[0] };
        at(x, &[channel, c[1] / b, c[2] / b])
    })
}

pub fn space_to_depth(args: &Named, x: &Grid) -> Values {
    let b = args.whole("block");
    let n = x.dims[0];
    build(vec![n * b * b, x.dims[1] / b, x.dims[2] / b], |c| {
        let (block, channel) = (c[0] / n, c[0] % n);
        at(x, &[channel, c[1] * b + block / b, c[2] * b + block % b])
    })
}

pub fn matmul(a: &Grid, b: &Grid) -> Values {
    let matrix = |x: &Grid, vector: [usize; 2]| match x.dims.len() {
        1 => Grid { dims: vector.to_vec(), ..x.clone() },
        _ => x.clone(),
    };
    let (left, right) = (matrix(a, [1, a.data.len()]), matrix(b, [b.data.len(), 1]));
    let stack = |x: &Grid| [&x.dims[..x.dims.len() - 2], &[1, 1]].concat();
    let mut dims = grown(&[&stack(&left), &stack(&right)]);
    let rank = dims.len();
    let inner = *left.dims.last().unwrap();
    (dims[rank - 2], dims[rank - 1]) = (left.dims[left.dims.len() - 2], *right.dims.last().unwrap());
    let (_, data) = build(dims.clone(), |c| {
        let factor = |x: &Grid, i: usize, j: usize| {
            let before = &c[..rank - 2][rank - x.dims.len()..];
            let stack = x.dims.iter().zip(before).map(|(extent, at)| if *extent == 1 { 0 } else { *at });
            at(x, &stack.chain([i, j]).collect::<Vec<_>>())
        };
        (0..inner).map(|k| factor(&left, c[rank - 2], k) * factor(&right, k, c[rank - 1])).sum()
    });
    if b.dims.len() == 1 {
        dims.remove(rank - 1);
    }
    if a.dims.len() == 1 {
        dims.remove(rank - 2);
    }
    (if dims.is_empty() { vec![1] } else { dims }, data)
}

/// How many elements are reduced to one.
pub fn reduced(args: &[(&'static str, Literal)], dims: &[usize]) -> usize {
    let x = Grid { dims: dims.to_vec(), data: vec![], scale: 0 };
    axes(&Named(args.to_vec()), &x).into_iter().map(|axis| dims[axis]).product()
}

fn axes(args: &Named, x: &Grid) -> Vec<usize> {
    match args.get("axes") {
        Some(_) => list(args, "axes").iter().map(|a| axis(*a, x)).collect(),
        None => (0..x.dims.len()).collect(),
    }
}

pub fn reduce(args: &Named, x: &Grid, f: impl Fn(&[i128]) -> i128) -> Values {
    let axes = axes(args, x);
    let kept: Vec<usize> = x.dims.iter().enumerate().map(|(a, d)| if axes.contains(&a) { 1 } else { *d }).collect();
    let (_, data) = build(kept.clone(), |c| {
        let inside = |flat: usize| {
            let from = coordinates(&x.dims, flat);
            (0..c.len()).all(|a| axes.contains(&a) || from[a] == c[a])
        };
        f(&(0..x.data.len()).filter(|flat| inside(*flat)).map(|flat| x.data[flat]).collect::<Vec<_>>())
    });
    let dims = match args.flag("keepdims") {
        true => kept,
        false => (0..x.dims.len()).filter(|a| !axes.contains(a)).map(|a| x.dims[a]).collect(),
    };
    (if dims.is_empty() { vec![1] } else { dims }, data)
}

pub fn channels(x: &Grid, f: impl Fn(&[i128]) -> i128) -> Values {
    (vec![x.dims[0]], x.data.chunks(x.dims[1]).map(f).collect())
}

/// A layer of `[channels, length]` as one of `[channels, 1, length]`.
pub fn line(args: &Named, x: &Grid, f: impl Fn(&Named, &Grid) -> Values) -> Values {
    let pair = |value: &Literal, other: i64| match value {
        Literal::Int(i) => Literal::List(vec![other, *i]),
        Literal::List(l) => Literal::List(vec![0, l[0], 0, l[1]]),
        Literal::Bool(_) | Literal::Float(_) | Literal::Word(_) => value.clone(),
    };
    let args = Named(
        args.0
            .iter()
            .map(|(name, value)| match *name {
                "filters" | "groups" => (*name, value.clone()),
                "output_padding" => (*name, pair(value, 0)),
                _ => (*name, pair(value, 1)),
            })
            .collect(),
    );
    let (dims, data) = f(&args, &Grid { dims: vec![x.dims[0], 1, x.dims[1]], ..x.clone() });
    (vec![dims[0], dims[2]], data)
}

/// As `whole_mean`, of a window over one axis.
pub fn whole_mean_of_line(args: &Named) -> Option<i32> {
    let whole = match args.get("padding") {
        Some(Literal::List(p)) => p.iter().all(|n| *n == 0),
        Some(Literal::Word(w)) => w == "valid",
        _ => true,
    };
    power(args.whole("size") as f64).filter(|_| whole || args.flag("include_pad"))
}

pub fn mean_pool(args: &Named, x: &Grid, factor: i32) -> Values {
    let [height, width] = args.pair("size");
    let whole = args.flag("include_pad").then_some(height * width);
    super::pool(args, x, |v| constant(1.0 / whole.unwrap_or(v.len()) as f64, factor) * total(v))
}

pub fn conv1d(args: &Named, x: &Grid, p: &[Vec<i128>]) -> Values {
    line(args, x, |args, x| conv2d(args, x, p))
}

/// The arguments of a `conv2d` with a filter or more for each channel.
fn by_channel(args: &Named, channels: usize) -> Named {
    let filters = channels * args.whole("multiplier");
    let rest = args.0.iter().filter(|(name, _)| !["filters", "groups"].contains(name)).cloned();
    Named(rest.chain([("filters", filters.into()), ("groups", channels.into())]).collect())
}

pub fn depthwise(args: &Named, x: &Grid, p: &[Vec<i128>]) -> Values {
    conv2d(&by_channel(args, x.dims[0]), x, p)
}

pub fn pointwise(x: &Grid, p: &[Vec<i128>]) -> Values {
    let channels = x.dims[0];
    build(vec![p[0].len() / channels, x.dims[1], x.dims[2]], |c| {
        let mixed: i128 = (0..channels).map(|i| p[0][c[0] * channels + i] * at(x, &[i, c[1], c[2]])).sum();
        mixed + p.get(1).map_or(0, |bias| bias[c[0]])
    })
}

pub fn separable(args: &Named, x: &Grid, p: &[Vec<i128>]) -> Values {
    let (dims, data) = depthwise(args, x, &p[..1]);
    pointwise(&Grid { dims, data, scale: 0 }, &p[1..])
}

/// Spread over a canvas without any padding, of which a part is taken.
pub fn transposed(args: &Named, x: &Grid, p: &[Vec<i128>]) -> Values {
    let (filters, groups) = (args.whole("filters"), args.whole("groups"));
    let (kernel, stride, dilation) = (args.pair("kernel"), args.pair("stride"), args.pair("dilation"));
    let more = match args.get("output_padding") {
        Some(Literal::List(l)) => [l[0] as usize, l[1] as usize],
        other => panic!("`output_padding` is {other:?}"),
    };
    let (mut full, mut output, mut before) = ([0; 2], [0; 2], [0; 2]);
    for axis in 0..2 {
        let (n, reach) = (x.dims[axis + 1], (kernel[axis] - 1) * dilation[axis] + 1);
        full[axis] = (n - 1) * stride[axis] + reach.max(stride[axis]) + more[axis];
        let natural = (n - 1) * stride[axis] + reach + more[axis];
        (before[axis], output[axis]) = match args.get("padding") {
            Some(Literal::List(l)) => (l[axis] as usize, natural - (l[axis] + l[axis + 2]) as usize),
            Some(Literal::Word(w)) if w == "same" => {
                (reach.max(stride[axis]).abs_diff(stride[axis]) / 2, n * stride[axis])
            }
            _ => (0, natural),
        };
    }
    let (of_group, per) = (x.dims[0] / groups, filters / groups);
    let mut canvas = vec![0; filters * full[0] * full[1]];
    for (flat, q) in x.data.iter().enumerate() {
        let c = coordinates(&x.dims, flat);
        for f in 0..per {
            for tap in 0..kernel[0] * kernel[1] {
                let (k, l) = (tap / kernel[1], tap % kernel[1]);
                let (i, j) = (c[1] * stride[0] + k * dilation[0], c[2] * stride[1] + l * dilation[1]);
                let o = c[0] / of_group * per + f;
                let weight = p[0][(c[0] * per + f) * kernel[0] * kernel[1] + tap];
                canvas[(o * full[0] + i) * full[1] + j] += weight * q;
            }
        }
    }
    build(vec![filters, output[0], output[1]], |c| {
        let (i, j) = (c[1] + before[0], c[2] + before[1]);
        canvas[(c[0] * full[0] + i) * full[1] + j] + p.get(1).map_or(0, |bias| bias[c[0]])
    })
}
