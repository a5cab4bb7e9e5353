//! Keys of the ConfigMap of `spec.outputs`.

/// Most endpoints that the status lists, which has to stay far below etcd's limit for an object; and so of keys.
pub const ENDPOINTS_MAX: usize = 500;

/// Kubernetes' limit for a key of a ConfigMap.
pub const OUTPUT_KEY_MAX: usize = 253;

/// Key of a method's URL. Paths may have it in common: `/orders/{id}` and `/orders/id` are both `prod.GET.orders.id.url`.
pub fn output_key(stage: &str, method: &str, path: &str) -> String {
    let kept = path.trim_end_matches('/').chars().filter(|c| !"{}+".contains(*c));
    let dotted: String = kept
        .map(|c| match c {
            '/' => '.',
            c if c.is_ascii_alphanumeric() || "._-".contains(c) => c,
            _ => '_',
        })
        .collect();
    format!("{stage}.{method}{dotted}.url")
}
