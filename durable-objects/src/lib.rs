//! The logic of the Durable Objects, generic over storage, clock, ids and the outside.
