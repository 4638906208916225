//! Looking at an account again: whether the instance stands by it, and the relay's admins still let it in.
//!
//! At each start of a session, and when the instance's webhook says that something has changed. Who may not go on loses
//! all sessions. Spec: `relay-api.md` 7.5.

use infrasound_spec::{account::AccountUri, api::problem::ProblemType, time};

use crate::{
    access::Applicant,
    app::App,
    error::ApiError,
    instance::Standing,
    store::{
        account::{self, Account},
        admission, device, session,
    },
    writer::{Effect, Tx},
};

/// How long the relay goes by what the instance said last, when it does not answer.
const TRUST: u64 = 7 * time::DAY;
/// Accounts with sessions that are judged in one go.
const MANY: u64 = 500;

/// Whose word an account goes on by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The instance's, given just now.
    Fresh,
    /// The instance's last one: it does not answer.
    Last,
}

impl App {
    /// Whether the account may go on. If not, its sessions have ended.
    pub(crate) async fn look_again(&self, account: &mut Account) -> Result<Word, ApiError> {
        let standing = self.instance.look_again(&account.uri, &account.handle).await;
        let judged = self.judge_standing(standing, account).await;
        self.end_sessions_of_refused(&account.uri, &judged).await?;
        judged
    }

    /// Ends the account's sessions if it was refused. Who cannot be judged just now keeps those it has.
    pub(crate) async fn end_sessions_of_refused<T: Sync>(
        &self,
        uri: &AccountUri,
        judged: &Result<T, ApiError>,
    ) -> Result<(), ApiError> {
        if judged.as_ref().is_err_and(|error| error.0.problem_type == ProblemType::AccountRefused) {
            let uri = uri.clone();
            self.writer.run(move |tx| Box::pin(async move { end_sessions(tx, &uri).await })).await?;
        }
        Ok(())
    }

    async fn judge_standing(&self, standing: Standing, account: &mut Account) -> Result<Word, ApiError> {
        let refused = |why: &str| Err(ApiError::new(ProblemType::AccountRefused, why));
        let word = match standing {
            Standing::Good { limited, shown_roles } => {
                self.note(account, limited, shown_roles).await?;
                Word::Fresh
            }
            Standing::Gone => return refused("The instance does not have this account any more."),
            Standing::Suspended => return refused("The instance has suspended this account."),
            Standing::Moved(to) => {
                return refused(&format!("This account has moved to {to}. Sign in with that one."));
            }
            Standing::Unknown(_) if self.now().millis_since(account.looked_at) < TRUST => Word::Last,
            Standing::Unknown(error) => return Err(error.into()),
        };
        self.admit(Applicant::from(&*account)).await?;
        Ok(word)
    }

    /// Notes what the instance says of the account now.
    async fn note(
        &self,
        account: &mut Account,
        limited: Option<bool>,
        shown_roles: Option<Vec<String>>,
    ) -> Result<(), ApiError> {
        account.limited = limited.unwrap_or(account.limited);
        // A role that everybody saw, and sees no more, was taken away.
        if let (Some(role), Some(shown)) = (&account.role, shown_roles)
            && role.shown
            && !shown.contains(&role.id)
        {
            account.role = None;
        }
        let (uri, limited, role) = (account.uri.clone(), account.limited, account.role.clone());
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    Ok(account::set_standing(tx.conn, &uri, limited, role.as_ref(), tx.now).await?)
                })
            })
            .await
    }

    /// Ends the sessions of accounts that the policy does not let in any more: it may have changed since they began.
    pub(crate) async fn end_refused_sessions(&self) -> Result<(), ApiError> {
        if self.config.access.takes_all() {
            // Who was suspended has lost them at once.
            return Ok(());
        }
        let mut after = String::new();
        loop {
            let mut snapshot = self.read().await?;
            let accounts = account::with_sessions(&mut snapshot, &after, MANY).await?;
            let Some(last) = accounts.last() else { return Ok(()) };
            last.uri.as_str().clone_into(&mut after);
            let mut refused = Vec::new();
            for account in accounts {
                let decided = admission::load(&mut snapshot, &account.uri).await?;
                if self.config.access.judge(&decided, &Applicant::from(&account)).is_err() {
                    refused.push(account.uri);
                }
            }
            drop(snapshot);
            for uri in refused {
                self.writer.run(move |tx| Box::pin(async move { end_sessions(tx, &uri).await })).await?;
            }
        }
    }
}

/// Ends all sessions and streams of an account.
pub(crate) async fn end_sessions(tx: &mut Tx<'_>, uri: &AccountUri) -> Result<(), ApiError> {
    session::delete_of_account(tx.conn, uri.as_str()).await?;
    for device in device::list(tx.conn, uri).await? {
        tx.effects.push(Effect::SessionsEnded(device.device));
    }
    Ok(())
}
