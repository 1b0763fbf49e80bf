//! Layers that move, join and sum, and the convolutions and pools of other shapes.

use super::*;

layer_suite! {
    offset => [
        case(&[3], |g, x| g.add("offset", args().with("value", -0.3), &[x])),
        case(&[2], |g, x| g.add("offset", args().with("value", 2.5), &[x])),
        case(&[2], |g, x| g.add("offset", args().with("value", -4.0), &[x])),
    ];
    parameter => [case(&[2], |g, _| g.add("parameter", args().with("shape", list(&[2, 3])), &[]))];
    concat => [
        case(&[2, 2], |g, x| {
            let token = g.add("parameter", args().with("shape", list(&[2, 1])), &[])?;
            let half = g.add("scale", args().with("factor", 0.7), &[x])?;
            g.add("concat", args().with("axis", Literal::Int(-1)), &[token, x, half])
        }),
        case(&[3], |g, x| g.add("concat", args(), &[x, x])),
    ];
    permute => [case(&[2, 1, 3], |g, x| g.add("permute", args().with("axes", list(&[-1, 0, 1])), &[x]))];
    transpose => [case(&[2, 2, 3], |g, x| g.add("transpose", args(), &[x]))];
    slice => [
        case(&[2, 5], |g, x| g.add("slice", args().with("axis", 1).with("start", 1).with("step", 2), &[x])),
        case(&[4, 2], |g, x| {
            let a = args().with("axis", Literal::Int(-2)).with("start", Literal::Int(-1));
            g.add("slice", a.with("end", Literal::Int(0)).with("step", Literal::Int(-2)), &[x])
        }),
    ];
    gather => [
        case(&[3, 2], |g, x| g.add("gather", args().with("indices", list(&[2, -3, 2, 1])), &[x])),
        case(&[2, 3], |g, x| g.add("gather", args().with("indices", list(&[1])).with("axis", 1), &[x])),
    ];
    pad => [
        case(&[1, 2, 3], |g, x| g.add("pad", args().with("padding", list(&[1, 0, 0, 2])), &[x])),
        case(&[2, 3], |g, x| g.add("pad", args().with("padding", list(&[1, 0, 0, 2])).with("value", -0.75), &[x])),
        case(&[2, 3], |g, x| g.add("pad", args().with("padding", list(&[2, 1])).with("mode", "reflect"), &[x])),
        case(&[1, 2, 2], |g, x| g.add("pad", args().with("padding", 1).with("mode", "edge"), &[x])),
    ];
    crop => [
        case(&[2, 3, 4], |g, x| g.add("crop", args().with("cropping", list(&[1, 1])), &[x])),
        case(&[3, 3], |g, x| g.add("crop", args().with("cropping", list(&[0, 1, 2, 0])), &[x])),
    ];
    broadcast_to => [case(&[2, 1], |g, x| g.add("broadcast_to", args().with("shape", list(&[2, 1, 3])), &[x]))];
    upsample2d => [case(&[2, 1, 2], |g, x| g.add("upsample2d", args().with("size", [2, 3]), &[x]))];
    upsample1d => [case(&[2, 2], |g, x| g.add("upsample1d", args().with("size", 2), &[x]))];
    depth_to_space => [
        case(&[8, 1, 2], |g, x| g.add("depth_to_space", args().with("block", 2), &[x])),
        case(&[8, 1, 1], |g, x| g.add("depth_to_space", args().with("block", 2).with("mode", "crd"), &[x])),
    ];
    space_to_depth => [case(&[2, 2, 4], |g, x| g.add("space_to_depth", args().with("block", 2), &[x]))];
    matmul => [
        case(&[2, 3], |g, x| {
            let turned = g.add("transpose", args(), &[x])?;
            g.add("matmul", args(), &[x, turned])
        }),
        case(&[2, 1, 2], |g, x| {
            let stack = g.add("parameter", args().with("shape", list(&[3, 1, 2, 2])), &[])?;
            g.add("matmul", args(), &[x, stack])
        }),
        case(&[3], |g, x| g.add("matmul", args(), &[x, x])),
    ];
    reduce_sum => [
        case(&[2, 2, 3], |g, x| g.add("reduce_sum", args().with("axes", list(&[0, -1])), &[x])),
        case(&[2, 2], |g, x| g.add("reduce_sum", args().with("keepdims", true), &[x])),
    ];
    reduce_mean => [
        case(&[2, 3], |g, x| g.add("reduce_mean", args().with("axes", list(&[1])).with("keepdims", true), &[x])),
        case(&[2, 2], |g, x| g.add("reduce_mean", args(), &[x])),
    ];
    conv1d => [
        case(&[2, 5], |g, x| {
            g.add("conv1d", args().with("filters", 2).with("kernel", 2).with("padding", "causal").with("dilation", 2), &[x])
        }),
        case(&[4, 4], |g, x| {
            let a = args().with("filters", 2).with("kernel", 3).with("groups", 2).with("stride", 2);
            g.add("conv1d", a.with("padding", [1, 0]).with("bias", false), &[x])
        }),
    ];
    depthwise_conv2d => [
        case(&[2, 3, 3], |g, x| g.add("depthwise_conv2d", args().with("kernel", 2).with("multiplier", 2), &[x])),
        case(&[2, 3, 2], |g, x| {
            let a = args().with("kernel", [3, 2]).with("padding", "same").with("stride", 2);
            g.add("depthwise_conv2d", a.with("bias", false), &[x])
        }),
    ];
    separable_conv2d => [
        case(&[2, 3, 2], |g, x| {
            g.add("separable_conv2d", args().with("filters", 2).with("kernel", 2).with("multiplier", 2), &[x])
        }),
        case(&[1, 3, 3], |g, x| {
            let a = args().with("filters", 2).with("kernel", [1, 3]).with("padding", "same");
            g.add("separable_conv2d", a.with("bias", false), &[x])
        }),
    ];
    pointwise_conv2d => [
        case(&[3, 1, 2], |g, x| g.add("pointwise_conv2d", args().with("filters", 2), &[x])),
        case(&[2, 2, 1], |g, x| g.add("pointwise_conv2d", args().with("filters", 2).with("bias", false), &[x])),
    ];
    conv2d_transpose => [
        case(&[2, 2, 2], |g, x| {
            let a = args().with("filters", 2).with("kernel", [2, 3]).with("stride", [2, 1]).with("output_padding", [1, 0]);
            g.add("conv2d_transpose", a.with("padding", list(&[1, 0, 0, 1])).with("groups", 2), &[x])
        }),
        case(&[2, 2, 1], |g, x| {
            let a = args().with("filters", 1).with("kernel", [3, 1]).with("stride", 2).with("padding", "same");
            g.add("conv2d_transpose", a.with("bias", false), &[x])
        }),
    ];
    conv1d_transpose => [
        case(&[2, 3], |g, x| {
            let a = args().with("filters", 2).with("kernel", 2).with("stride", 2).with("dilation", 3);
            g.add("conv1d_transpose", a.with("padding", [1, 2]).with("output_padding", 2), &[x])
        }),
        case(&[1, 3], |g, x| {
            g.add("conv1d_transpose", args().with("filters", 2).with("kernel", 3).with("bias", false), &[x])
        }),
    ];
    max_pool1d => [
        case(&[2, 4], |g, x| g.add("max_pool1d", args().with("size", 2), &[x])),
        case(&[1, 5], |g, x| g.add("max_pool1d", args().with("size", 3).with("stride", 2).with("padding", [1, 1]), &[x])),
    ];
    avg_pool1d => [
        case(&[2, 4], |g, x| g.add("avg_pool1d", args().with("size", 2), &[x])),
        case(&[1, 5], |g, x| g.add("avg_pool1d", args().with("size", 3).with("stride", 2).with("padding", "same"), &[x])),
        case(&[1, 4], |g, x| {
            g.add("avg_pool1d", args().with("size", 2).with("padding", [1, 1]).with("include_pad", true), &[x])
        }),
    ];
    sum_pool1d => [case(&[2, 5], |g, x| g.add("sum_pool1d", args().with("size", 3).with("stride", 1), &[x]))];
    global_max_pool1d => [case(&[2, 3], |g, x| g.add("global_max_pool1d", args(), &[x]))];
    global_avg_pool1d => [case(&[2, 3], |g, x| g.add("global_avg_pool1d", args(), &[x]))];
    global_sum_pool1d => [case(&[2, 3], |g, x| g.add("global_sum_pool1d", args(), &[x]))];
}
