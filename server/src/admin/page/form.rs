//! The forms of the page, read into orders.

use infrasound_spec::api::problem::ProblemType;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{PATH, permission::Permissions};
use crate::{
    admin::{Order, order::AdminVerdict},
    error::ApiError,
};

/// What a form sends. Each sends some of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OrderForm {
    pub(super) csrf: String,
    order: String,
    account: String,
    domain: String,
    reason: String,
    /// A box that is ticked for what cannot be undone.
    yes: String,
}

impl OrderForm {
    /// Where the browser goes then.
    pub(super) fn back(&self) -> String {
        if self.account.is_empty() {
            return PATH.to_owned();
        }
        format!("{PATH}?account={}", utf8_percent_encode(&self.account, NON_ALPHANUMERIC))
    }

    /// The order, if these permissions allow it.
    pub(super) fn order(self, permissions: Permissions) -> Result<Order, ApiError> {
        let Self { account, domain, reason, .. } = self;
        let order = match self.order.as_str() {
            "allow" => Order::Allow { account },
            "disallow" => Order::Disallow { account },
            "suspend" => Order::Suspend { account, reason },
            "restore" => Order::Restore { account },
            "end-sessions" => Order::EndSessions { account, device: None },
            "export" => Order::Export { account },
            "erase" if self.yes == "yes" => Order::Erase { account },
            "erase" => {
                return Err(ApiError::bad_request("Tick the box to erase the account. Nothing was done."));
            }
            "block-domain" => Order::SetDomain { domain, verdict: AdminVerdict::Block },
            "allow-domain" => Order::SetDomain { domain, verdict: AdminVerdict::Allow },
            "remove-domain" => Order::RemoveDomain { domain },
            _ => return Err(ApiError::bad_request("This page has no such form.")),
        };
        if permissions.allow(&order) {
            return Ok(order);
        }
        let text = "Your role at the instance does not allow this. Nothing was done.";
        Err(ApiError::new(ProblemType::Forbidden, text))
    }
}
