//! The types that `std::collections::HashMap` and its like are made of.
//!
//! `std` takes them from the crate `hashbrown`, which is not among its sources. With a field of an
//! unknown type, rust-analyzer does not find the methods that take the map by value (`into_values`).
//! No item of another crate is in scope here, hence the plain fields: a map is `Send` when these are.

pub mod hash_map {
    pub struct HashMap<K, V, S, A>(K, V, S, A, usize);
    pub struct Iter<'a, K, V>(&'a K, &'a V, usize);
    pub struct IterMut<'a, K, V>(&'a K, &'a mut V, usize);
    pub struct IntoIter<K, V, A>(K, V, A, usize);
    pub struct Drain<'a, K, V, A>(&'a K, K, V, A, usize);
    pub struct ExtractIf<'a, K, V, F, A>(&'a K, K, V, F, A, usize);
    pub struct RustcOccupiedEntry<'a, K, V, A>(&'a K, &'a mut V, A, usize);
    pub struct RustcVacantEntry<'a, K, V, A>(K, &'a mut V, A, usize);
    pub enum RustcEntry<'a, K, V, A> {
        Occupied(RustcOccupiedEntry<'a, K, V, A>),
        Vacant(RustcVacantEntry<'a, K, V, A>),
    }
}

pub mod hash_set {
    pub struct HashSet<T, S, A>(T, S, A, usize);
    pub struct Iter<'a, T>(&'a T, usize);
    pub struct IntoIter<T, A>(T, A, usize);
    pub struct Drain<'a, T, A>(&'a T, T, A, usize);
    pub struct ExtractIf<'a, T, F, A>(&'a T, T, F, A, usize);
    pub struct OccupiedEntry<'a, T, S, A>(&'a T, S, A, usize);
    pub struct VacantEntry<'a, T, S, A>(&'a T, T, S, A, usize);
    pub enum Entry<'a, T, S, A> {
        Occupied(OccupiedEntry<'a, T, S, A>),
        Vacant(VacantEntry<'a, T, S, A>),
    }
}
