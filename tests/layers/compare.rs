//! Layers that compare.

use super::*;

layer_suite! {
    maximum => [
        case(&[4], |g, x| {
            let a = g.add("scale", args().with("factor", 0.7), &[x])?;
            g.add("maximum", args(), &[a, x])
        }),
        case(&[2, 3], |g, x| {
            let row = g.add("reduce_min", args().with("axes", list(&[0])), &[x])?;
            g.add("maximum", args(), &[row, x])
        }),
    ];
    minimum => [
        case(&[4], |g, x| {
            let a = g.add("scale", args().with("factor", 0.7), &[x])?;
            g.add("minimum", args(), &[x, a])
        }),
    ];
    reduce_max => [
        case(&[2, 3, 2], |g, x| g.add("reduce_max", args().with("axes", list(&[-2])), &[x])),
        case(&[5], |g, x| g.add("reduce_max", args().with("keepdims", true), &[x])),
    ];
    reduce_min => [
        case(&[2, 2, 2], |g, x| {
            g.add("reduce_min", args().with("axes", list(&[0, 2])).with("keepdims", true), &[x])
        }),
    ];
    argmin => [
        case(&[4], |g, x| g.add("argmin", args(), &[x])),
        case(&[3, 2], |g, x| g.add("argmin", args().with("axis", 0usize).with("last", true), &[x])),
    ];
    abs => [case(&[5], |g, x| g.add("abs", args(), &[x]))];
    sign => [case(&[5], |g, x| g.add("sign", args(), &[x]))];
    square => [case(&[4], |g, x| g.add("square", args(), &[x]))];
    relu6 => [case(&[5], |g, x| g.add("relu6", args(), &[x]))];
    clip => [
        case(&[4], |g, x| g.add("clip", args().with("min", -0.4).with("max", 0.7), &[x])),
        case(&[3], |g, x| g.add("clip", args().with("min", -0.3), &[x])),
        case(&[3], |g, x| g.add("clip", args().with("max", 0.25), &[x])),
    ];
    hard_sigmoid => [
        case(&[4], |g, x| g.add("hard_sigmoid", args(), &[x])),
        case(&[3], |g, x| g.add("hard_sigmoid", args().with("alpha", -0.5).with("beta", 0.2), &[x])),
    ];
    hard_swish => [case(&[4], |g, x| g.add("hard_swish", args(), &[x]))];
    hard_tanh => [
        case(&[4], |g, x| g.add("hard_tanh", args(), &[x])),
        case(&[3], |g, x| {
            let y = g.add("scale", args().with("factor", 4.0), &[x])?;
            g.add("hard_tanh", args(), &[y])
        }),
    ];
    leaky_relu => [
        case(&[4], |g, x| g.add("leaky_relu", args().with("alpha", 0.3), &[x])),
        case(&[4], |g, x| g.add("leaky_relu", args().with("alpha", 0.25), &[x])),
        case(&[3], |g, x| g.add("leaky_relu", args().with("alpha", -0.6), &[x])),
    ];
    prelu => [
        case(&[2, 1, 2], |g, x| g.add("prelu", args(), &[x])),
        case(&[4], |g, x| g.add("prelu", args().with("shared", true), &[x])),
    ];
    thresholded_relu => [case(&[5], |g, x| g.add("thresholded_relu", args().with("alpha", 0.3), &[x]))];
    zanh => [case(&[4], |g, x| g.add("zanh", args(), &[x]))];
    zigmoid => [case(&[4], |g, x| g.add("zigmoid", args(), &[x]))];
    greater => [
        case(&[4], |g, x| {
            let a = g.add("scale", args().with("factor", 0.7), &[x])?;
            g.add("greater", args(), &[a, x])
        }),
    ];
    less => [
        case(&[4], |g, x| {
            let a = g.add("scale", args().with("factor", 0.7), &[x])?;
            g.add("less", args(), &[a, x])
        }),
    ];
    greater_equal => [
        case(&[4], |g, x| {
            let a = g.add("scale", args().with("factor", 0.7), &[x])?;
            g.add("greater_equal", args(), &[a, x])
        }),
    ];
    less_equal => [
        case(&[2, 2], |g, x| {
            let row = g.add("reduce_max", args().with("axes", list(&[0])), &[x])?;
            g.add("less_equal", args(), &[row, x])
        }),
    ];
    equal => [
        case(&[4], |g, x| {
            let a = g.add("abs", args(), &[x])?;
            g.add("equal", args(), &[a, x])
        }),
    ];
    select => [
        case(&[4], |g, x| {
            let a = g.add("scale", args().with("factor", 0.7), &[x])?;
            let c = g.add("greater", args(), &[a, x])?;
            g.add("select", args(), &[c, x, a])
        }),
        case(&[2, 2], |g, x| {
            let row = g.add("reduce_max", args().with("axes", list(&[0])), &[x])?;
            let c = g.add("equal", args(), &[row, x])?;
            g.add("select", args(), &[c, row, x])
        }),
    ];
}
