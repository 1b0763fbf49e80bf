//! Merging layers, which take several tensors, and operators between tensors and numbers.

use serde::Deserialize;
use zkml_core::{graph::NodeId, shape::Shape};

use super::{
    super::{
        fault::{self, misuse},
        lower::{Layout, Value},
    },
    Input, Job, help,
};
use crate::{
    error::ImportError,
    ops::{Binary, Op, Unary},
};

impl Job<'_, '_, '_> {
    /// The tensors alone.
    fn tensors(&self, inputs: Vec<Input>) -> Result<Vec<Value>, ImportError> {
        let tensor = |input: Input| match input {
            Input::Tensor(value) => Ok(value),
            Input::Number(n) => Err(misuse(&self.layer, format!("an input is the number {n}, expected tensors"))),
        };
        inputs.into_iter().map(tensor).collect()
    }

    /// Values in one layout: as they are if they agree, else as Keras holds them, with as many axes each.
    fn aligned(&mut self, values: &[Value]) -> Result<(Vec<NodeId>, Layout), ImportError> {
        let Some(head) = values.first() else { return Err(misuse(&self.layer, "it has no inputs")) };
        if values.iter().all(|v| v.layout == head.layout && v.shape.rank() == head.shape.rank()) {
            return Ok((values.iter().map(|v| v.node).collect(), head.layout.clone()));
        }
        let rank = values.iter().map(|v| v.shape.rank()).max().unwrap_or(0);
        let first =
            values.iter().any(|v| v.layout == Layout::ChannelsFirst) && values.iter().all(|v| v.shape.rank() == rank);
        let mut nodes = vec![];
        for value in values {
            nodes.push(if first { self.lowering.first(value)? } else { self.lowering.keras(value)? });
        }
        if !first {
            for (node, value) in nodes.iter_mut().zip(values) {
                let ones = vec![1; rank - value.shape.rank()];
                let dims: Vec<usize> = ones.into_iter().chain(value.shape.dims().iter().copied()).collect();
                *node = self.lowering.reshape(*node, &Shape::new(dims))?;
            }
        }
        Ok((nodes, if first { Layout::ChannelsFirst } else { Layout::Keras }))
    }

    /// A node in a layout as a value.
    fn held(&self, node: NodeId, layout: Layout) -> Value {
        match layout {
            Layout::ChannelsFirst => self.lowering.as_first(node),
            Layout::Keras => self.lowering.as_keras(node),
            Layout::Flat(_) => Value { layout, ..self.lowering.as_keras(node) },
        }
    }

    /// An element-wise operation over any number of tensors, or between a tensor and a number.
    pub(super) fn merge(&mut self, operation: &str, inputs: Vec<Input>) -> Result<Value, ImportError> {
        match inputs.as_slice() {
            [Input::Tensor(x), Input::Number(c)] => return self.with_number(operation, x.clone(), *c, false),
            [Input::Number(c), Input::Tensor(x)] => return self.with_number(operation, x.clone(), *c, true),
            _ => {}
        }
        let values = self.tensors(inputs)?;
        let op = match operation {
            "Add" | "Average" => Binary::Add,
            "Subtract" => Binary::Sub,
            "Multiply" => Binary::Mul,
            "Maximum" => Binary::Maximum,
            "Minimum" => Binary::Minimum,
            _ => Binary::Div,
        };
        if matches!(op, Binary::Sub | Binary::Div) && values.len() != 2 {
            return Err(misuse(&self.layer, format!("it has {} inputs, expected two", values.len())));
        }
        let count = values.len();
        let (nodes, layout) = self.aligned(&values)?;
        let mut node = nodes[0];
        for other in &nodes[1..] {
            node = self.lowering.op(Op::Binary(op), &[node, *other], vec![])?;
        }
        if operation == "Average" {
            let factor = 1.0 / count as f64;
            node = self.lowering.op(Op::Unary(Unary::Scale { factor }), &[node], vec![])?;
        }
        Ok(self.held(node, layout))
    }

    fn with_number(&mut self, operation: &str, x: Value, c: f64, number_first: bool) -> Result<Value, ImportError> {
        let op = match (operation, number_first) {
            ("Add", _) => Unary::Offset { value: c },
            ("Subtract", false) => Unary::Offset { value: -c },
            ("Multiply", _) => Unary::Scale { factor: c },
            ("Divide" | "TrueDivide", false) if c != 0.0 => Unary::Scale { factor: 1.0 / c },
            ("Maximum", _) => Unary::Clip { min: Some(c), max: None },
            ("Minimum", _) => Unary::Clip { min: None, max: Some(c) },
            ("Subtract", true) => {
                let x = self.lowering.each(Unary::Neg, &x)?;
                return self.lowering.each(Unary::Offset { value: c }, &x);
            }
            ("Divide" | "TrueDivide", true) => {
                let x = self.lowering.each(Unary::Reciprocal, &x)?;
                return self.lowering.each(Unary::Scale { factor: c }, &x);
            }
            _ => return Err(misuse(&self.layer, format!("an input is the number {c}, expected tensors"))),
        };
        self.lowering.each(op, &x)
    }

    pub(super) fn concatenate(&mut self, inputs: Vec<Input>) -> Result<Value, ImportError> {
        let values = self.tensors(inputs)?;
        let rank = values.first().map_or(0, |v| v.shape.rank());
        if rank == 0 || values.iter().any(|v| v.shape.rank() != rank) {
            let shapes: Vec<String> = values.iter().map(|v| v.shape.to_string()).collect();
            return Err(misuse(
                &self.layer,
                format!("its inputs are {}, expected as many axes each", shapes.join(", ")),
            ));
        }
        let axis: i64 = self.options.take("axis")?.unwrap_or(-1);
        let axis = self.lowering.axis(axis, rank)?;
        let first = values.iter().any(|v| v.layout == Layout::ChannelsFirst);
        let mut nodes = vec![];
        for value in &values {
            nodes.push(if first { self.lowering.first(value)? } else { self.lowering.keras(value)? });
        }
        let axis = if first { (axis + 1) % rank } else { axis };
        let node = self.lowering.op(Op::Concat { axis }, &nodes, vec![])?;
        Ok(if first { self.lowering.as_first(node) } else { self.lowering.as_keras(node) })
    }

    /// A product summed over one axis of each of two tensors.
    pub(super) fn dot(&mut self, inputs: Vec<Input>) -> Result<Value, ImportError> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Axes {
            Both(i64),
            Each([i64; 2]),
        }
        let values = self.tensors(inputs)?;
        let [x, y] = values.as_slice() else {
            return Err(misuse(&self.layer, format!("it has {} inputs, expected two", values.len())));
        };
        let [along_x, along_y] = match self.options.need("axes")? {
            Axes::Both(axis) => [axis, axis],
            Axes::Each(axes) => axes,
        };
        if x.shape.rank() > 2 || y.shape.rank() > 2 {
            return Err(misuse(
                &self.layer,
                format!("its inputs are {} and {}, expected vectors or matrices", x.shape, y.shape),
            ));
        }
        let (along_x, along_y) =
            (self.lowering.axis(along_x, x.shape.rank())?, self.lowering.axis(along_y, y.shape.rank())?);
        let (mut a, mut b) = (self.lowering.keras(x)?, self.lowering.keras(y)?);
        if x.shape.rank() == 2 && along_x == 0 {
            a = self.lowering.permute(a, &[1, 0])?;
        }
        if y.shape.rank() == 2 && along_y == 1 {
            b = self.lowering.permute(b, &[1, 0])?;
        }
        let node = self.lowering.op(Op::MatMul, &[a, b], vec![])?;
        let node = match self.lowering.shape(node).rank() {
            0 => self.lowering.reshape(node, &Shape::new([1]))?,
            _ => node,
        };
        Ok(self.lowering.as_keras(node))
    }

    /// An operator of Keras 2 such as `x + y`.
    pub(super) fn operator(&mut self, inputs: Vec<Input>) -> Result<Value, ImportError> {
        let function: String = self.options.take("function")?.unwrap_or_default();
        let operation = match function.as_str() {
            "__operators__.add" | "math.add" => "Add",
            "math.subtract" | "__operators__.sub" => "Subtract",
            "math.multiply" | "__operators__.mul" => "Multiply",
            "math.truediv" | "math.divide" | "__operators__.truediv" => "Divide",
            "math.maximum" => "Maximum",
            "math.minimum" => "Minimum",
            _ => {
                let help = format!("`{function}` is not one of + - * /; {}", help("Lambda"));
                return Err(fault::class(&self.layer, help));
            }
        };
        self.merge(operation, inputs)
    }
}
