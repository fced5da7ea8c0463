//! Generators of several kinds in one list.

use futures::future::LocalBoxFuture;

use crate::{GenerateError, GenerateRequest, Generated, TextGenerator};

/// A [`TextGenerator`] of any kind.
pub trait AnyGenerator {
    /// See [`TextGenerator::provider`].
    fn provider(&self) -> &str;
    /// See [`TextGenerator::model`].
    fn model(&self) -> &str;
    /// See [`TextGenerator::generate`].
    fn generate<'a>(
        &'a self,
        request: &'a GenerateRequest,
        on_text: &'a mut dyn FnMut(&str),
    ) -> LocalBoxFuture<'a, Result<Generated, GenerateError>>;
}

impl<T: TextGenerator> AnyGenerator for T {
    fn provider(&self) -> &str {
        TextGenerator::provider(self)
    }

    fn model(&self) -> &str {
        TextGenerator::model(self)
    }

    fn generate<'a>(
        &'a self,
        request: &'a GenerateRequest,
        on_text: &'a mut dyn FnMut(&str),
    ) -> LocalBoxFuture<'a, Result<Generated, GenerateError>> {
        Box::pin(TextGenerator::generate(self, request, on_text))
    }
}
