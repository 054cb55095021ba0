//! The documents by which a server describes itself (RFC 7644 section 4), made once per base address.

use serde_json::{Value, json};

use super::cursor;
use super::listing::PageSizes;
use crate::scim::schema::Schemas;
use crate::scim::urn;

/// What the configuration document says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) pages: PageSizes,
    pub(crate) bulk_operations: usize,
    pub(crate) bulk_bytes: usize,
}

/// All discovery documents of a tenant as bytes.
#[derive(Debug)]
pub(crate) struct Discovery {
    pub(crate) base: String,
    pub(crate) configuration: Vec<u8>,
    schemas: Collection,
    types: Collection,
}

#[derive(Debug)]
struct Collection {
    list: Vec<u8>,
    single: Vec<(String, Vec<u8>)>,
}

impl Discovery {
    pub(crate) fn new(
        base: &str,
        schemas: &Schemas,
        limits: Limits,
        needs_token: bool,
    ) -> Discovery {
        Discovery {
            base: base.to_owned(),
            configuration: configuration(base, limits, needs_token)
                .to_string()
                .into_bytes(),
            schemas: Collection::of(schemas.schemas().iter().map(|schema| {
                (
                    schema.id.clone(),
                    described(
                        schema.to_json(),
                        "Schema",
                        format!("{base}/Schemas/{}", schema.id),
                    ),
                )
            })),
            types: Collection::of(schemas.types().iter().map(|known| {
                (
                    known.name.clone(),
                    described(
                        known.to_json(),
                        "ResourceType",
                        format!("{base}/ResourceTypes/{}", known.name),
                    ),
                )
            })),
        }
    }

    /// The list, or one of its documents.
    pub(crate) fn schemas(&self, id: Option<&str>) -> Option<&[u8]> {
        self.schemas.get(id)
    }

    /// The list, or one of its documents.
    pub(crate) fn types(&self, name: Option<&str>) -> Option<&[u8]> {
        self.types.get(name)
    }
}

impl Collection {
    fn of(documents: impl Iterator<Item = (String, Value)>) -> Collection {
        let documents: Vec<(String, Value)> = documents.collect();
        let list = json!({
            "schemas": [urn::LIST_RESPONSE],
            "totalResults": documents.len(),
            "startIndex": 1,
            "itemsPerPage": documents.len(),
            "Resources": documents.iter().map(|(_, document)| document).collect::<Vec<_>>(),
        });
        Collection {
            list: list.to_string().into_bytes(),
            single: documents
                .into_iter()
                .map(|(id, document)| (id, document.to_string().into_bytes()))
                .collect(),
        }
    }

    fn get(&self, id: Option<&str>) -> Option<&[u8]> {
        match id {
            None => Some(&self.list),
            Some(id) => self
                .single
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(id))
                .map(|(_, document)| document.as_slice()),
        }
    }
}

fn described(mut document: Value, kind: &str, location: String) -> Value {
    if let Some(members) = document.as_object_mut() {
        members.insert(
            "meta".to_owned(),
            json!({"resourceType": kind, "location": location}),
        );
    }
    document
}

fn configuration(base: &str, limits: Limits, needs_token: bool) -> Value {
    let scheme = if needs_token {
        json!({
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A bearer token in the Authorization header",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        })
    } else {
        json!({
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "Accepted but not asked for: this server runs open",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        })
    };
    json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": true},
        "bulk": {"supported": true, "maxOperations": limits.bulk_operations, "maxPayloadSize": limits.bulk_bytes},
        "filter": {"supported": true, "maxResults": limits.pages.most},
        "changePassword": {"supported": true},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": limits.pages.usual,
            "maxPageSize": limits.pages.most,
            "cursorTimeout": cursor::LIFETIME,
        },
        "authenticationSchemes": [scheme],
        "meta": {"resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig")},
    })
}
