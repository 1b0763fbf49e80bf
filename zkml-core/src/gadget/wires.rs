//! Arity: how many wires a gadget takes and gives.

/// Arity, whatever a wire is: `Of<Interval>` are as many intervals, `Of<i64>` as many integers.
pub trait Wires {
    /// As many values of a type.
    type Of<W>;

    /// `f` of each.
    fn map<A, B>(all: Self::Of<A>, f: impl FnMut(A) -> B) -> Self::Of<B>;

    /// `f` of each, which stay.
    fn map_ref<A, B>(all: &Self::Of<A>, f: impl FnMut(&A) -> B) -> Self::Of<B>;

    /// Each with the one in its place.
    fn zip<A, B>(a: Self::Of<A>, b: Self::Of<B>) -> Self::Of<(A, B)>;

    /// References to all.
    fn refs<A>(all: &Self::Of<A>) -> Self::Of<&A>;
}

/// As many values of type `W` as there are wires `F`.
pub type Of<F, W> = <F as Wires>::Of<W>;

/// One wire.
#[derive(Clone, Copy, Debug)]
pub struct One;

impl Wires for One {
    type Of<W> = W;

    fn map<A, B>(all: A, mut f: impl FnMut(A) -> B) -> B {
        f(all)
    }

    fn map_ref<A, B>(all: &A, mut f: impl FnMut(&A) -> B) -> B {
        f(all)
    }

    fn zip<A, B>(a: A, b: B) -> (A, B) {
        (a, b)
    }

    fn refs<A>(all: &A) -> &A {
        all
    }
}

/// Two wires.
#[derive(Clone, Copy, Debug)]
pub struct Two;

impl Wires for Two {
    type Of<W> = (W, W);

    fn map<A, B>(all: (A, A), mut f: impl FnMut(A) -> B) -> (B, B) {
        (f(all.0), f(all.1))
    }

    fn map_ref<A, B>(all: &(A, A), mut f: impl FnMut(&A) -> B) -> (B, B) {
        (f(&all.0), f(&all.1))
    }

    fn zip<A, B>(a: (A, A), b: (B, B)) -> ((A, B), (A, B)) {
        ((a.0, b.0), (a.1, b.1))
    }

    fn refs<A>(all: &(A, A)) -> (&A, &A) {
        (&all.0, &all.1)
    }
}

/// Three wires.
#[derive(Clone, Copy, Debug)]
pub struct Three;

impl Wires for Three {
    type Of<W> = (W, W, W);

    fn map<A, B>(all: (A, A, A), mut f: impl FnMut(A) -> B) -> (B, B, B) {
        (f(all.0), f(all.1), f(all.2))
    }

    fn map_ref<A, B>(all: &(A, A, A), mut f: impl FnMut(&A) -> B) -> (B, B, B) {
        (f(&all.0), f(&all.1), f(&all.2))
    }

    fn zip<A, B>(a: (A, A, A), b: (B, B, B)) -> ((A, B), (A, B), (A, B)) {
        ((a.0, b.0), (a.1, b.1), (a.2, b.2))
    }

    fn refs<A>(all: &(A, A, A)) -> (&A, &A, &A) {
        (&all.0, &all.1, &all.2)
    }
}

/// Any number of wires.
#[derive(Clone, Copy, Debug)]
pub struct Many;

impl Wires for Many {
    type Of<W> = Vec<W>;

    fn map<A, B>(all: Vec<A>, f: impl FnMut(A) -> B) -> Vec<B> {
        all.into_iter().map(f).collect()
    }

    fn map_ref<A, B>(all: &Vec<A>, f: impl FnMut(&A) -> B) -> Vec<B> {
        all.iter().map(f).collect()
    }

    fn zip<A, B>(a: Vec<A>, b: Vec<B>) -> Vec<(A, B)> {
        a.into_iter().zip(b).collect()
    }

    fn refs<A>(all: &Vec<A>) -> Vec<&A> {
        all.iter().collect()
    }
}
