//! Projects.

use crate::http::call::Call;
use crate::http::{Error, InAccount, Listing, Write};
use crate::wire::{CreateProject, Project, ProjectQuery, UpdateProject};

impl InAccount {
    /// The account's projects.
    pub fn list_projects(&self, query: &ProjectQuery) -> Listing<Project> {
        self.list(self.at("projects"), query)
    }

    /// Creates a project.
    pub fn create_project(&self, project: &CreateProject) -> Write<Project> {
        self.write(Call::post(self.at("projects")).json(project))
    }

    /// One project.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get_project(&self, project: &str) -> Result<Project, Error> {
        self.client.fetch(Call::get(self.at("projects").id(project))).await
    }

    /// Changes a project; what the change leaves out stays.
    pub fn update_project(&self, project: &str, change: &UpdateProject) -> Write<Project> {
        self.write(Call::patch(self.at("projects").id(project)).json(change))
    }

    /// Gives up what oneself was granted at a project and below it.
    pub fn leave_project(&self, project: &str) -> Write<()> {
        self.write(Call::post(self.at("projects").id(project).action("leave")))
    }

    /// Takes away what a member was granted at a project and below it.
    pub fn remove_from_project(&self, project: &str, member: &str) -> Write<()> {
        self.write(Call::delete(self.at("projects").id(project).then("members").id(member)))
    }

    /// Deletes an empty project.
    pub fn delete_project(&self, project: &str) -> Write<()> {
        self.write(Call::delete(self.at("projects").id(project)))
    }
}
