//! A connection that can be cut.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// A TCP proxy on a port of its own. At first nobody listens there.
pub struct Proxy {
    address: SocketAddr,
    /// Kept from the first use on: a port that was given back may be another's when it is wanted again.
    listener: Option<Arc<tokio::net::TcpListener>>,
    target: String,
    running: Option<JoinHandle<()>>,
    silent: watch::Sender<bool>,
    refused: Arc<AtomicUsize>,
}

impl Proxy {
    /// To a host and port; cut at first.
    pub fn cut_off(target: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
        Self {
            address,
            listener: None,
            target: target.to_owned(),
            running: None,
            silent: watch::Sender::default(),
            refused: Arc::default(),
        }
    }

    /// Where to connect.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Lets connections through.
    pub async fn restore(&mut self) {
        self.cut().await;
        let listener = self.listener().await;
        let target = self.target.clone();
        self.silent.send_replace(false);
        let silent = self.silent.subscribe();
        self.running = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let (target, mut silent) = (target.clone(), silent.clone());
                connections.spawn(async move {
                    let Ok(mut far) = TcpStream::connect(target).await else { return };
                    tokio::select! {
                        // Either side may hang up.
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => return,
                        _ = silent.wait_for(|silent| *silent) => {}
                    }
                    std::future::pending::<()>().await;
                });
            }
        }));
    }

    /// Breaks all connections, and new ones as they come, counting them.
    pub async fn refuse(&mut self) {
        self.cut().await;
        let listener = self.listener().await;
        let refused = self.refused.clone();
        self.running = Some(tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                refused.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }

    /// Keeps all connections, and takes new ones, but nothing passes any more.
    pub fn silence(&self) {
        self.silent.send_replace(true);
    }

    /// Connections that were refused.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    async fn listener(&mut self) -> Arc<tokio::net::TcpListener> {
        if let Some(listener) = &self.listener {
            return listener.clone();
        }
        let listener = tokio::net::TcpListener::bind(self.address).await.expect("the port is still free");
        self.listener.insert(Arc::new(listener)).clone()
    }

    /// Breaks all connections.
    async fn cut(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            let _ = running.await;
        }
    }
}
