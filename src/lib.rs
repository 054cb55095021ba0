//! scimulate behaves like a SCIM provisioning client (Okta, Microsoft Entra ID) against a target and judges the answers.
