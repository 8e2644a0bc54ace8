//! Questions about access.

use crate::http::call::Call;
use crate::http::path::Path;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{
    AccessDecision, AccessDocument, AccessPlan, AccessQuestion, ApplyQuery, EffectiveAccess, EffectiveQuery,
    Explanation, PrincipalLabel, TargetLabel, UnusedAccess, UnusedQuery, WhatCanQuery, WhoCanQuery, authzen,
};

impl InAccount {
    /// May this principal do this to that?
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check(&self, question: &AccessQuestion) -> Result<AccessDecision, Error> {
        self.client.fetch(Call::post(self.at("access").action("check")).json(question).only_asks()).await
    }

    /// May it, and why: the grants that decided, or what is missing.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn explain(&self, question: &AccessQuestion) -> Result<Explanation, Error> {
        self.client.fetch(Call::post(self.at("access").action("explain")).json(question).only_asks()).await
    }

    /// What a principal may do; the caller, unless the query names another.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn effective_access(&self, query: &EffectiveQuery) -> Result<EffectiveAccess, Error> {
        self.client.fetch(Call::get(self.at("access").action("effective")).query(query)).await
    }

    /// Who may do this to that.
    pub fn who_can(&self, query: &WhoCanQuery) -> Listing<PrincipalLabel> {
        self.list(self.at("access").action("who-can"), query)
    }

    /// To what a principal may do this.
    pub fn what_can(&self, query: &WhatCanQuery) -> Listing<TargetLabel> {
        self.list(self.at("access").action("what-can"), query)
    }

    /// Who has more than they make use of.
    pub fn unused_access(&self, query: &UnusedQuery) -> Listing<UnusedAccess> {
        self.list(self.at("access").action("unused"), query)
    }

    /// One question in the words of AuthZEN.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn evaluate(&self, request: &authzen::EvaluationRequest) -> Result<authzen::Decision, Error> {
        self.client
            .fetch(Call::post(self.bare().then("access/v1/evaluation")).json(request).only_asks())
            .await
    }

    /// Several questions in the words of AuthZEN. There must be at least one: an empty list is another kind of request there.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn evaluate_each(
        &self,
        request: &authzen::EvaluationsRequest,
    ) -> Result<authzen::EvaluationsResponse, Error> {
        self.client
            .fetch(Call::post(self.bare().then("access/v1/evaluations")).json(request).only_asks())
            .await
    }

    /// Where the account's AuthZEN endpoints are.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn authzen_metadata(&self) -> Result<authzen::Metadata, Error> {
        self.client
            .fetch(Call::get(Path::bare(".well-known/authzen-configuration/accounts").id(self.id())))
            .await
    }
}

impl InAccount {
    /// The account's access as one document.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn export_access(&self) -> Result<AccessDocument, Error> {
        self.client.fetch(Call::get(self.at("access").action("export"))).await
    }

    /// Makes the account's access what a document says; `if_match` is about the revision of the account.
    pub fn apply_access(&self, document: &AccessDocument, prune: bool) -> Write<AccessPlan> {
        let query = ApplyQuery { prune, dry_run: false };
        self.write(Call::post(self.at("access").action("apply")).query(&query).json(document))
    }
}
