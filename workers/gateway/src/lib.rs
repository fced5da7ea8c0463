//! The public Worker: hooks, API, sockets, static assets; hosts the Durable Object classes.
