//! What a role at the instance must allow, in Mastodon's bits (docs: entities/Role).

use crate::{admin::Order, instance::Role};

const ADMINISTRATOR: u64 = 1;
const MANAGE_FEDERATION: u64 = 1 << 5;
const MANAGE_USERS: u64 = 1 << 10;
const DELETE_USER_DATA: u64 = 1 << 19;

/// What somebody may do here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Permissions(u64);

impl Permissions {
    /// What the role allows. `None`: nothing that this page is for.
    pub(super) fn of(role: Option<&Role>) -> Option<Self> {
        let bits = role?.permissions;
        (bits & (ADMINISTRATOR | MANAGE_USERS) != 0).then_some(Self(bits))
    }

    /// Whether the order may be given.
    pub(super) fn allow(self, order: &Order) -> bool {
        let needed = match order {
            Order::SetDomain { .. } | Order::RemoveDomain { .. } => MANAGE_FEDERATION,
            Order::Erase { .. } | Order::Export { .. } => DELETE_USER_DATA,
            _ => MANAGE_USERS,
        };
        self.0 & (ADMINISTRATOR | needed) != 0
    }

    /// Whether orders may be given on an account of this role. Mastodon goes by the places of roles, which it does not
    /// tell: here those who look after others answer to administrators only.
    pub(super) fn override_role(self, role: Option<&Role>) -> bool {
        self.0 & ADMINISTRATOR != 0 || Self::of(role).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bits: u64) -> Option<Permissions> {
        let role = Role { id: "1".to_owned(), name: "x".to_owned(), permissions: bits, shown: true };
        Permissions::of(Some(&role))
    }

    #[test]
    fn only_who_manages_users_gets_in_and_each_order_needs_its_own_permission() {
        assert_eq!(
            (Permissions::of(None), of(0), of(MANAGE_FEDERATION | DELETE_USER_DATA)),
            (None, None, None)
        );
        let (allow, erase) =
            (Order::Allow { account: String::new() }, Order::Erase { account: String::new() });
        let remove = Order::RemoveDomain { domain: String::new() };
        let may = |bits: u64| [&allow, &erase, &remove].map(|order| of(bits).unwrap().allow(order));
        assert_eq!(may(MANAGE_USERS), [true, false, false]);
        assert_eq!(may(MANAGE_USERS | MANAGE_FEDERATION), [true, false, true]);
        assert_eq!(may(ADMINISTRATOR), [true, true, true]);
    }

    #[test]
    fn who_looks_after_others_answers_to_administrators_only() {
        let role = |bits| Role { id: "1".to_owned(), name: "x".to_owned(), permissions: bits, shown: true };
        let overrides = |own: u64| {
            let own = of(own).unwrap();
            [0, MANAGE_FEDERATION, MANAGE_USERS, ADMINISTRATOR]
                .map(|bits| own.override_role(Some(&role(bits))))
        };
        assert_eq!(overrides(MANAGE_USERS | DELETE_USER_DATA), [true, true, false, false]);
        assert_eq!(overrides(ADMINISTRATOR), [true; 4]);
        assert!(of(MANAGE_USERS).unwrap().override_role(None));
    }
}
