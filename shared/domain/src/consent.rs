//! What customers agreed to, and what they took back: the purposes that are asked about, and where an answer came from.
//!
//! The lists are closed, so that two records of one thing cannot be spelt in two ways. Sources: GDPR (Regulation (EU)
//! 2016/679), articles 7, 9, 21 and 22; CCPA as amended by the CPRA, Cal. Civ. Code §§ 1798.120, 1798.121 and 1798.135.

use serde::{Deserialize, Serialize};

/// What personal data would be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConsentPurpose {
    /// Being written to with offers: GDPR article 6(1)(a), and 21(2) to object.
    Marketing,
    /// Measuring how the service is used: GDPR article 6(1)(a).
    Analytics,
    /// Decisions by software alone with a legal or similar effect: GDPR article 22(2)(c).
    AutomatedProcessing,
    /// Sensitive or special data, beyond what the service itself needs: GDPR article 9(2)(a), CCPA § 1798.121.
    SensitiveData,
    /// Selling personal data, or sharing it for advertising across contexts: CCPA § 1798.120. `withdrawn` is the opt-out.
    SaleOrSharing,
}

impl ConsentPurpose {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Marketing,
        Self::Analytics,
        Self::AutomatedProcessing,
        Self::SensitiveData,
        Self::SaleOrSharing,
    ];
}

/// What the customer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Yes.
    Given,
    /// No, or no longer: as easy as to give it, GDPR article 7(3).
    Withdrawn,
}

/// Where they said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConsentSource {
    /// In a conversation here.
    Conversation,
    /// In a form on a website.
    WebForm,
    /// In a mail or a letter.
    Letter,
    /// On the phone.
    Phone,
    /// Face to face.
    InPerson,
    /// Brought over from another system.
    Import,
    /// By the browser's signal, Global Privacy Control: 11 CCR § 7025. Recorded by Edgedesk itself, never by hand.
    GlobalPrivacyControl,
}
