//! Which providers there are, and how their metadata and ID tokens name them.

use edgedesk_domain::account::Secret;
use serde::Deserialize;

/// Google's issuer, as its discovery document gives it.
const GOOGLE_ISSUER: &str = "https://accounts.google.com";
/// Where Microsoft's issuers begin.
const MICROSOFT: &str = "https://login.microsoftonline.com/";
/// Tenants of Microsoft that stand for many: their metadata names no issuer, but a template of issuers.
const SHARED_TENANTS: [&str; 2] = ["common", "organizations"];
/// What stands for the tenant in that template.
const TENANT_PLACEHOLDER: &str = "{tenantid}";

/// A provider, as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its id in our API, such as `google`.
    pub id: &'static str,
    /// What its button says.
    pub name: String,
    /// Where its metadata is: below this, at `/.well-known/openid-configuration`.
    pub base: String,
    /// What its metadata must give as `issuer`.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: Secret,
}

impl Provider {
    /// Google.
    #[must_use]
    pub fn google(client_id: String, client_secret: Secret) -> Self {
        Self::generic("google", "Google", GOOGLE_ISSUER, client_id, client_secret)
    }

    /// Microsoft, for a tenant's id, or for many with `organizations` or `common`.
    #[must_use]
    pub fn microsoft(tenant: &str, client_id: String, client_secret: Secret) -> Self {
        let base = format!("{MICROSOFT}{tenant}/v2.0");
        let issuer = if SHARED_TENANTS.contains(&tenant) {
            format!("{MICROSOFT}{TENANT_PLACEHOLDER}/v2.0")
        } else {
            base.clone()
        };
        Self {
            issuer,
            ..Self::generic("microsoft", "Microsoft", &base, client_id, client_secret)
        }
    }

    /// Any other, by its issuer.
    #[must_use]
    pub fn generic(
        id: &'static str,
        name: &str,
        issuer: &str,
        client_id: String,
        client_secret: Secret,
    ) -> Self {
        Self {
            id,
            name: name.to_owned(),
            base: issuer.trim_end_matches('/').to_owned(),
            issuer: issuer.to_owned(),
            client_id,
            client_secret,
        }
    }

    /// Where its metadata is: OpenID Connect Discovery 1.0, section 4.
    #[must_use]
    pub fn metadata_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.base)
    }

    /// Whether an ID token of this issuer is the provider's. `tenant` is the token's claim `tid`: where the issuer is a
    /// template, the token must name the tenant that its own issuer is of.
    #[must_use]
    pub fn is_issuer(&self, issuer: &str, tenant: Option<&str>) -> bool {
        if !self.issuer.contains(TENANT_PLACEHOLDER) {
            return issuer == self.issuer;
        }
        tenant.is_some_and(|tenant| {
            is_tenant_id(tenant) && issuer == self.issuer.replace(TENANT_PLACEHOLDER, tenant)
        })
    }
}

/// What a provider says of itself, as much as is used of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// Who it is.
    pub issuer: String,
    /// Where the browser goes.
    pub authorization_endpoint: String,
    /// Where a code is exchanged.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// How clients may show their secret; `client_secret_basic` when it does not say.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    /// Whether the secret goes into the form; else into the header.
    #[must_use]
    pub fn takes_secret_in_form(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_some_and(|methods| methods.iter().any(|method| method == "client_secret_post"))
    }

    /// All places that it sends us or a browser to.
    #[must_use]
    pub fn urls(&self) -> [&str; 3] {
        [
            &self.authorization_endpoint,
            &self.token_endpoint,
            &self.jwks_uri,
        ]
    }
}

/// Whether secrets and people may be sent to a URL: `https`, or this very machine where that is allowed.
#[must_use]
pub fn is_safe_url(url: &str, allows_loopback: bool) -> bool {
    let host_follows = |start: &str| {
        url.strip_prefix(start)
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']))
    };
    let is_loopback = || {
        url.strip_prefix("http://127.0.0.1")
            .is_some_and(|rest| rest.starts_with([':', '/']) && !rest.contains('@'))
    };
    host_follows("https://") || (allows_loopback && is_loopback())
}

/// Microsoft's tenants have the form of a UUID.
fn is_tenant_id(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn microsoft(tenant: &str) -> Provider {
        Provider::microsoft(tenant, "client".to_owned(), Secret::new("secret"))
    }

    #[test]
    fn the_presets_point_to_the_metadata_of_the_providers() {
        let google = Provider::google("client".to_owned(), Secret::new("secret"));
        assert_eq!(
            google.metadata_url(),
            "https://accounts.google.com/.well-known/openid-configuration"
        );
        assert_eq!(
            microsoft("organizations").metadata_url(),
            "https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration"
        );
    }

    #[test]
    fn an_issuer_is_compared_whole() {
        let google = Provider::google("client".to_owned(), Secret::new("secret"));
        assert!(google.is_issuer("https://accounts.google.com", None));
        for other in [
            "https://accounts.google.com/",
            "https://accounts.google.com.example.com",
            "http://accounts.google.com",
            "",
        ] {
            assert!(!google.is_issuer(other, None), "{other}");
        }
    }

    #[test]
    fn a_shared_tenant_takes_issuers_of_the_tenant_that_the_token_names() {
        let issuer = format!("{MICROSOFT}{TENANT}/v2.0");
        let shared = microsoft("organizations");
        assert!(shared.is_issuer(&issuer, Some(TENANT)));
        let other = TENANT.replace('7', "8");
        for (issuer, tenant) in [
            (issuer.as_str(), None),
            (&issuer, Some(other.as_str())),
            (&issuer, Some("")),
            ("https://login.microsoftonline.com/{tenantid}/v2.0", None),
            (
                "https://login.microsoftonline.com/{tenantid}/v2.0",
                Some("{tenantid}"),
            ),
            ("https://login.microsoftonline.com/a/b/v2.0", Some("a/b")),
        ] {
            assert!(!shared.is_issuer(issuer, tenant), "{issuer} {tenant:?}");
        }
        let single = microsoft(TENANT);
        assert!(single.is_issuer(&issuer, None));
        assert!(!single.is_issuer(&format!("{MICROSOFT}{other}/v2.0"), Some(&other)));
    }

    #[test]
    fn nothing_is_sent_in_clear_but_to_this_machine_where_that_is_allowed() {
        for (url, with_loopback, without) in [
            ("https://id.example.com/token", true, true),
            ("http://id.example.com/token", false, false),
            ("http://127.0.0.1:9000/token", true, false),
            ("http://127.0.0.1.example.com/token", false, false),
            ("http://127.0.0.1:1@example.com/", false, false),
            ("https://", false, false),
            ("https:///token", false, false),
            ("javascript:alert(1)", false, false),
            ("", false, false),
        ] {
            assert_eq!(is_safe_url(url, true), with_loopback, "{url}");
            assert_eq!(is_safe_url(url, false), without, "{url}");
        }
    }
}
