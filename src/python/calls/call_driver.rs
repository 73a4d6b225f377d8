//! A call that asks back: for a token, which only Python code can give, or to hand over events.
//!
//! Python drives it: a step says what is wanted, Python code answers from its own frames, thread and event loop, and
//! the call goes on. So nothing native ever waits inside user code, and the same flow serves both clients.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::sync::{mpsc, oneshot};

use super::engine::Outcome;
use crate::call::token_source::{Ask, TokenProvider};
use crate::error::{Error, Limit};
use crate::event::{Event, Observer};
use crate::python::convert::token::Secret;
use crate::python::runtime::blocking;
use crate::python::runtime::completion_queue::Completion;
use crate::python::runtime::loop_bridge::LoopBridge;
use crate::python::types;
use crate::token::Token;

enum Message {
    Question(Question),
    Event(Box<Event>),
}

struct Question {
    ask: Ask,
    reply: oneshot::Sender<Result<Token, Error>>,
}

/// The call's end of the conversation.
#[derive(Clone)]
pub(crate) struct Speaker(mpsc::UnboundedSender<Message>);

impl Speaker {
    /// How the call asks for a token.
    pub(crate) fn asker(&self) -> TokenProvider {
        let sender = self.0.clone();
        Arc::new(move |ask| {
            let (reply, answer) = oneshot::channel();
            let asked = sender.send(Message::Question(Question { ask, reply }));
            Box::pin(async move {
                let silent = || Error::TokenSource { problem: "nobody was there to ask".to_owned() };
                asked.map_err(|_| silent())?;
                answer.await.unwrap_or_else(|_| Err(silent()))
            })
        })
    }
}

impl Observer for Speaker {
    fn on_event(&self, event: Event) {
        // Nobody listens any more where the call was dropped.
        let _ = self.0.send(Message::Event(Box::new(event)));
    }
}

/// A call and what it says.
pub(crate) struct Conversation {
    call: Pin<Box<dyn Future<Output = Outcome> + Send>>,
    inbox: mpsc::UnboundedReceiver<Message>,
    outcome: Option<Outcome>,
    deadline: Instant,
}

impl Conversation {
    /// A channel for a call, made before the call is.
    pub(crate) fn channel() -> (Speaker, Listener) {
        let (sender, inbox) = mpsc::unbounded_channel();
        (Speaker(sender), Listener(inbox))
    }

    /// Lets the call go on until it says something or ends.
    pub(crate) async fn turn(mut self) -> Turn {
        let mut events = Vec::new();
        let mut question = None;
        if self.outcome.is_none() {
            tokio::select! {
                biased;
                Some(message) = self.inbox.recv() => Self::sort(message, &mut events, &mut question),
                outcome = &mut self.call => self.outcome = Some(outcome),
            }
        }
        while let Ok(message) = self.inbox.try_recv() {
            Self::sort(message, &mut events, &mut question);
        }
        match self.outcome.take() {
            Some(outcome) if events.is_empty() => Turn::Over(Box::new(outcome)),
            outcome => {
                self.outcome = outcome;
                Turn::Step(Box::new(Step::new(self, events, question)))
            }
        }
    }

    fn sort(message: Message, events: &mut Vec<Event>, question: &mut Option<Question>) {
        match message {
            Message::Event(event) => events.push(*event),
            Message::Question(asked) => *question = Some(asked),
        }
    }
}

/// The listener's end, before there is a call to listen to.
pub(crate) struct Listener(mpsc::UnboundedReceiver<Message>);

impl Listener {
    /// Begins the conversation.
    pub(crate) fn listen(
        self,
        call: Pin<Box<dyn Future<Output = Outcome> + Send>>,
        total: Duration,
    ) -> Conversation {
        Conversation { call, inbox: self.0, outcome: None, deadline: Instant::now() + total }
    }
}

/// What a call does next.
pub(crate) enum Turn {
    Over(Box<Outcome>),
    Step(Box<Step>),
}

impl Turn {
    pub(crate) fn into_pyobject(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Over(outcome) => outcome.into_pyobject(py),
            Self::Step(step) => Ok(Bound::new(py, *step)?.into_any()),
        }
    }
}

impl Completion for Turn {
    fn into_python(self: Box<Self>, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        self.into_pyobject(py)
    }
}

/// A call that waits for its Python side: take the events, answer the question, then resume it.
#[pyclass(frozen, module = "wxaudit._native")]
pub(crate) struct Step {
    events: Vec<Event>,
    ask: Option<Ask>,
    deadline: Instant,
    waiting: Mutex<Option<(Conversation, Option<Question>)>>,
    pid: u32,
}

impl Step {
    fn new(conversation: Conversation, events: Vec<Event>, question: Option<Question>) -> Self {
        Self {
            events,
            ask: question.as_ref().map(|question| question.ask),
            deadline: conversation.deadline,
            waiting: Mutex::new(Some((conversation, question))),
            pid: std::process::id(),
        }
    }

    fn take(&self) -> Option<(Conversation, Option<Question>)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn answered(&self, token: Option<&Secret>, problem: Option<String>) -> PyResult<Conversation> {
        if self.pid != std::process::id() {
            return Err(PyRuntimeError::new_err(
                "this call belongs to the process that forked; make a new one",
            ));
        }
        let Some((conversation, question)) = self.take() else {
            return Err(PyRuntimeError::new_err("this step was resumed already"));
        };
        if let Some(question) = question {
            let answer = match (token, problem) {
                (Some(secret), _) => secret.token().map_err(|problem| Error::TokenSource { problem }),
                (None, Some(problem)) => Err(Error::TokenSource { problem }),
                (None, None) => Err(Error::Timeout {
                    limit: Limit::Total,
                    after: Duration::ZERO,
                    detail: "the token source did not answer".to_owned(),
                }),
            };
            // The call may have run out of time meanwhile, and says so itself.
            let _ = question.reply.send(answer);
        }
        Ok(conversation)
    }
}

#[pymethods]
impl Step {
    /// What happened since the last step.
    #[getter]
    fn events(&self) -> Vec<types::event::Event> {
        self.events.iter().cloned().map(types::event::Event).collect()
    }

    /// None: nothing is asked. False: a token is. True: a fresh token is.
    #[getter]
    fn refresh(&self) -> Option<bool> {
        self.ask.map(|ask| ask == Ask::Refresh)
    }

    /// The seconds until the call's deadline.
    #[getter]
    fn remaining(&self) -> f64 {
        self.deadline.saturating_duration_since(Instant::now()).as_secs_f64()
    }

    /// Drops the call, with whatever it holds that others wait for.
    fn abandon(&self) {
        if self.pid == std::process::id() {
            drop(self.take());
        }
    }

    /// Goes on with a token, with the problem that there was, or with neither where the source did not answer.
    #[pyo3(signature = (token = None, problem = None))]
    fn resume(
        &self,
        py: Python<'_>,
        token: Option<&Bound<'_, Secret>>,
        problem: Option<String>,
    ) -> PyResult<Py<PyAny>> {
        let conversation = self.answered(token.map(Bound::get), problem)?;
        blocking::block_on(py, conversation.turn())?.into_pyobject(py).map(Bound::unbind)
    }

    #[pyo3(signature = (bridge, future, token = None, problem = None))]
    fn aresume(
        &self,
        bridge: &Bound<'_, LoopBridge>,
        future: Bound<'_, PyAny>,
        token: Option<&Bound<'_, Secret>>,
        problem: Option<String>,
    ) -> PyResult<bool> {
        let conversation = self.answered(token.map(Bound::get), problem)?;
        LoopBridge::submit(bridge, future, conversation.turn())
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if self.pid != std::process::id() {
            std::mem::forget(self.take());
        }
    }
}
