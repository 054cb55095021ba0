//! Lists of a target, page by page, as far as it makes sense to read them.

use serde_json::Value;

use crate::plan::Outgoing;
use crate::run::client::Client;
use crate::run::sweep::came_to;

/// Resources of a page.
const PAGE: usize = 100;

/// Most pages of a list.
const PAGES: usize = 200;

/// What was listed.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    pub(super) resources: Vec<Value>,
    /// Why it is not all there is, if it is not.
    pub(super) problem: Option<String>,
}

/// Lists an endpoint, all of it or what an encoded filter finds.
pub(super) async fn list(
    client: &Client,
    endpoint: &str,
    tenant: &Option<String>,
    filter: Option<&str>,
) -> Listing {
    let mut listing = Listing::default();
    let filter = filter
        .map(|filter| format!("filter={filter}&"))
        .unwrap_or_default();
    for _ in 0..PAGES {
        let start = listing.resources.len() + 1;
        let target = format!("{endpoint}?{filter}startIndex={start}&count={PAGE}");
        let exchange = client
            .send(&Outgoing::harness("GET", target, tenant.clone()))
            .await;
        let answer = exchange
            .response()
            .filter(|response| response.status == 200 && response.broken.is_none());
        let Some(body) = answer.and_then(|response| response.json()) else {
            listing.problem = Some(came_to("GET", &exchange));
            return listing;
        };
        let page = body.get("Resources").and_then(Value::as_array);
        let page = page.map(Vec::as_slice).unwrap_or_default();
        let is_again = !listing.resources.is_empty() && listing.resources.first() == page.first();
        if is_again {
            listing.problem = Some("the target does not turn pages".to_owned());
            return listing;
        }
        listing.resources.extend(page.iter().cloned());
        let total = body.get("totalResults").and_then(Value::as_u64);
        let is_all = total.is_none_or(|total| listing.resources.len() as u64 >= total);
        if page.is_empty() || is_all {
            return listing;
        }
    }
    listing.problem = Some(format!("there are more than {}", PAGE * PAGES));
    listing
}
