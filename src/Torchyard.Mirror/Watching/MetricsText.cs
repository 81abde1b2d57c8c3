using System.Globalization;
using System.Text;
using Torchyard.Mirror.Store;

namespace Torchyard.Mirror.Watching;

/// <summary>What a mirror did, as Prometheus reads it (text format 0.0.4, prometheus.io/docs/instrumenting/exposition_formats).</summary>
internal static class MetricsText
{
    /// <summary>Media type of the format.</summary>
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes it.</summary>
    /// <param name="counters">What was done.</param>
    /// <param name="store">What is there.</param>
    /// <param name="quota">Bytes that blobs may take; null for no limit.</param>
    /// <param name="fetching">Fetches that go on now.</param>
    public static string Of(Counters counters, MirrorStore store, long? quota, int fetching)
    {
        var text = new StringBuilder();
        Head(text, "requests_total", "counter", "Answers by method and status.");
        foreach (var ((method, status), count) in counters.Requests.OrderBy(one => one.Key))
        {
            Line(text, "requests_total", count, ("method", method), ("status", status.ToString(CultureInfo.InvariantCulture)));
        }

        Single(text, "sent_bytes_total", "counter", "Bytes of blobs sent to clients.", counters.SentBytes);
        Single(text, "received_bytes_total", "counter", "Bytes of blobs sent by clients.", counters.ReceivedBytes);
        Head(text, "fetched_bytes_total", "counter", "Bytes fetched from other registries.");
        foreach (var (registry, bytes) in counters.FetchedBytes.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            Line(text, "fetched_bytes_total", bytes, ("upstream", registry));
        }

        Head(text, "upstream_failures_total", "counter", "Questions that other registries did not answer, or answered wrongly.");
        foreach (var (registry, count) in counters.Failures.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            Line(text, "upstream_failures_total", count, ("upstream", registry));
        }

        Single(text, "blob_hits_total", "counter", "Blobs that were asked for and were there.", counters.Hits);
        Single(text, "blob_misses_total", "counter", "Blobs that were asked for and were not there.", counters.Misses);
        Single(text, "blob_joins_total", "counter", "Misses that took part in a fetch that went on already.", counters.JoinedFetches);
        Single(text, "stale_tags_total", "counter", "Tags served without an answer of their registry.", counters.StaleTags);
        Single(text, "removed_bytes_total", "counter", "Bytes of blobs that were removed.", counters.EvictedBytes);
        Single(text, "fetches", "gauge", "Blobs that are being fetched.", fetching);
        Single(text, "stored_bytes", "gauge", "Bytes of all blobs.", store.Blobs.Bytes);
        if (quota is { } most)
        {
            Single(text, "quota_bytes", "gauge", "Bytes that blobs may take.", most);
        }

        Single(text, "start_time_seconds", "gauge", "When the mirror began, since 1970.", counters.Began.ToUnixTimeSeconds());
        return text.ToString();
    }

    private static void Single(StringBuilder text, string name, string type, string help, long value)
    {
        Head(text, name, type, help);
        Line(text, name, value);
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP torchyard_mirror_{name} {help}\n# TYPE torchyard_mirror_{name} {type}\n");

    private static void Line(StringBuilder text, string name, long value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        text.Append("torchyard_mirror_").Append(name);
        for (var index = 0; index < labels.Length; index++)
        {
            text.Append(index == 0 ? '{' : ',').Append(labels[index].Name).Append("=\"");
            text.Append(
                labels[index].Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            );
            text.Append('"');
        }

        text.Append(labels.IsEmpty ? " " : "} ").Append(CultureInfo.InvariantCulture, $"{value}\n");
    }
}
