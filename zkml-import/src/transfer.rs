//! Weight transfer: from a model that was read to an annotated function that describes the same network.

use zkml_core::{
    graph::{Graph, Node},
    model::Weights,
};

use crate::{
    builder::Import,
    error::{ErrorKind, ImportError},
};

impl Import {
    /// The weights under the names of another graph of the same network, such as an annotated function's.
    ///
    /// # Errors
    /// If the networks differ: the first layer that does is named.
    ///
    /// ```
    /// # use zkml_import::builder::{Builder, Value};
    /// # use zkml_core::{error::Origin, graph::Graph, layer::Args, shape::Shape, tensor::Tensor};
    /// # let mut builder = Builder::new("model", Shape::new([2]))?;
    /// # let (args, weight) = (Args::new().with("units", 1).with("bias", false), Tensor::of([1, 2], &[1.0, 2.0])?);
    /// # let y = builder.push_with("dense", args, &[builder.input()], vec![("weight", weight)], "fc", &Origin::Unknown)?;
    /// # let import = builder.finish(&Value::Node(y))?; // the weight is called `fc.weight`
    /// let mut graph = Graph::new("annotated", Shape::new([2]));
    /// graph.add("dense", Args::new().with("units", 1).with("bias", false), &[graph.input()])?;
    ///
    /// let weights = import.weights_for(&graph)?;
    /// assert_eq!(weights.get("dense1.weight").unwrap().data(), [1.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn weights_for(&self, graph: &Graph) -> Result<Weights, ImportError> {
        let text = |node: &Node| {
            let args =
                node.layer.as_ref().map(|l| l.args().iter().map(|(n, v)| format!("{n} = {}", v.describe())).collect());
            let kind = node.layer.as_ref().map_or("input", |l| l.card().name);
            let args: Vec<String> = args.unwrap_or_default();
            format!("`{kind}` ({}) of shape {} as layer `{}`", args.join(", "), node.shape, node.name)
        };
        let same = |a: &Node, b: &Node| (&a.layer, &a.inputs, &a.shape) == (&b.layer, &b.inputs, &b.shape);
        let (own, other) = (self.graph.nodes(), graph.nodes());
        if let Some((a, b)) = own.iter().zip(other).find(|(a, b)| !same(a, b)) {
            return Err(ImportError::new(ErrorKind::Weights, &a.origin, text(a), text(b)));
        }
        if own.len() != other.len() || self.graph.output() != graph.output() {
            let count = |nodes: &[Node]| format!("a network of {} layers", nodes.len() - 1);
            return Err(ImportError::new(ErrorKind::Weights, &own[own.len() - 1].origin, count(own), count(other)));
        }
        let mut weights = Weights::new();
        for ((from, _), (to, _)) in self.graph.all_params().iter().zip(graph.all_params()) {
            if let Some(tensor) = self.weights.get(from) {
                weights.insert(to, tensor.clone());
            }
        }
        weights.check(graph)?;
        Ok(weights)
    }
}
