//! Which providers are configured: those whose client id and secret are set.

use edgedesk_domain::account::Secret;
use edgedesk_oidc::provider::Provider;
use worker::Env;

/// The tenant of Microsoft when none is set: work and school accounts of any.
const ANY_TENANT: &str = "organizations";

/// Those of this deployment.
#[must_use]
pub fn providers_of(env: &Env) -> Vec<Provider> {
    // A variable and a secret are read alike.
    providers(|name| env.secret(name).ok().map(|value| value.to_string()))
}

/// Those that `read` has the settings of, in the order of their buttons.
#[must_use]
pub fn providers(read: impl Fn(&str) -> Option<String>) -> Vec<Provider> {
    let set = |name: &str| read(name).filter(|value| !value.is_empty());
    let client = |prefix: &str| {
        let id = set(&format!("{prefix}_CLIENT_ID"))?;
        let secret = set(&format!("{prefix}_CLIENT_SECRET"))?;
        Some((id, Secret::new(secret)))
    };
    let google = client("GOOGLE").map(|(id, secret)| Provider::google(id, secret));
    let microsoft = client("MICROSOFT").map(|(id, secret)| {
        let tenant = set("MICROSOFT_TENANT").unwrap_or_else(|| ANY_TENANT.to_owned());
        Provider::microsoft(&tenant, id, secret)
    });
    let other = client("OIDC").and_then(|(id, secret)| {
        let issuer = set("OIDC_ISSUER")?;
        let name = set("OIDC_NAME").unwrap_or_else(|| "single sign-on".to_owned());
        Some(Provider::generic("oidc", &name, &issuer, id, secret))
    });
    [google, microsoft, other].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(settings: &[(&str, &str)]) -> Vec<String> {
        let found = providers(|name| {
            let (_, value) = settings.iter().find(|(key, _)| *key == name)?;
            Some((*value).to_owned())
        });
        found
            .into_iter()
            .map(|provider| format!("{} {}", provider.id, provider.base))
            .collect()
    }

    #[test]
    fn a_provider_is_there_when_all_that_it_needs_is_set() {
        assert!(ids(&[]).is_empty());
        assert!(ids(&[("GOOGLE_CLIENT_ID", "a")]).is_empty());
        assert!(ids(&[("GOOGLE_CLIENT_ID", "a"), ("GOOGLE_CLIENT_SECRET", "")]).is_empty());
        assert!(ids(&[("OIDC_CLIENT_ID", "a"), ("OIDC_CLIENT_SECRET", "b")]).is_empty());
        let all = [
            ("GOOGLE_CLIENT_ID", "a"),
            ("GOOGLE_CLIENT_SECRET", "b"),
            ("MICROSOFT_CLIENT_ID", "a"),
            ("MICROSOFT_CLIENT_SECRET", "b"),
            ("OIDC_CLIENT_ID", "a"),
            ("OIDC_CLIENT_SECRET", "b"),
            ("OIDC_ISSUER", "https://id.example.com/"),
        ];
        assert_eq!(
            ids(&all),
            [
                "google https://accounts.google.com",
                "microsoft https://login.microsoftonline.com/organizations/v2.0",
                "oidc https://id.example.com",
            ]
        );
    }
}
