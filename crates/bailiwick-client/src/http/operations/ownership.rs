//! Offers of ownership.

use crate::http::call::Call;
use crate::http::{InAccount, Listing, Write};
use crate::wire::{OfferOwnership, OwnershipOffer, PageQuery};

impl InAccount {
    /// Offers ownership to a member.
    pub fn offer_ownership(&self, offer: &OfferOwnership) -> Write<OwnershipOffer> {
        self.write(Call::post(self.own().action("offer-ownership")).json(offer))
    }

    /// Offers that wait for an answer.
    pub fn list_ownership_offers(&self, query: &PageQuery) -> Listing<OwnershipOffer> {
        self.list(self.at("ownership-offers"), query)
    }

    /// Accepts an offer to the caller.
    pub fn accept_ownership(&self, offer: &str) -> Write<()> {
        self.write(Call::post(self.at("ownership-offers").id(offer).action("accept")))
    }

    /// Declines an offer to the caller.
    pub fn decline_ownership(&self, offer: &str) -> Write<()> {
        self.write(Call::post(self.at("ownership-offers").id(offer).action("decline")))
    }

    /// Takes an offer back.
    pub fn withdraw_ownership(&self, offer: &str) -> Write<()> {
        self.write(Call::post(self.at("ownership-offers").id(offer).action("withdraw")))
    }
}
