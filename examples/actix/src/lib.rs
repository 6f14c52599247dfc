//! The parts that all example programs share: a user with a password, and how a program is served.

use std::{env, error::Error};

use actix_web::{
    App, HttpServer,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
};
use http::StatusCode;
use jwt_extended_actix::Reason;

/// A login form, as JSON.
#[derive(Debug, serde::Deserialize)]
pub struct Login {
    username: String,
    password: String,
}

impl Login {
    /// Returns the user's name if the password is right. Ask your database here, which has a hash of the password.
    pub fn user(&self) -> Option<&str> {
        (self.username == "testuser" && self.password == "testpass").then_some(&*self.username)
    }
}

/// The reason for a rejected login: 401 and a message.
pub const BAD_LOGIN: Reason =
    Reason::App { status: StatusCode::UNAUTHORIZED, code: "bad_login", message: "Bad username or password" };

/// Serves an app on `127.0.0.1`, on the port in the environment variable `PORT`, or 3000.
///
/// # Errors
/// If `PORT` is no port, or nothing can listen on it.
#[expect(clippy::print_stdout, reason = "it says where the program listens")]
pub async fn serve<S, B>(app: impl Fn() -> App<S> + Clone + Send + 'static) -> Result<(), Box<dyn Error>>
where
    S: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse::<u16>())?;
    let server = HttpServer::new(app).bind(("127.0.0.1", port))?;
    println!("listening on http://127.0.0.1:{port}");
    Ok(server.run().await?)
}
