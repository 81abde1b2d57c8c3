using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Torchyard.Mirror.Store;
using Torchyard.Platform.Text;

namespace Torchyard.Mirror.Watching;

/// <summary>
/// One page for people: images, sizes, what they share, clients, and the last hour as a chart. It fetches nothing, runs nothing, and its
/// policy forbids what it does not have.
/// </summary>
internal static class StatusPage
{
    private const int MostClients = 50;
    private const int ChartHeight = 90;
    private const int BarWidth = 10;

    private const string Style = """
        :root{color-scheme:light dark;--line:#8884;--sent:#2a78d6;--fetched:#e07b00}
        body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1rem}
        h1{font-size:1.4rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
        dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.5rem;margin:0}
        dl div{border:1px solid var(--line);border-radius:.4rem;padding:.4rem .6rem}
        dt{font-size:.8rem}dd{margin:0;font-size:1.2rem;font-variant-numeric:tabular-nums}
        .wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
        th,td{border-bottom:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
        td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
        td:first-child{overflow-wrap:anywhere;min-width:10rem}
        svg{width:100%;height:auto;border-bottom:1px solid var(--line)}
        .s{fill:var(--sent)}.f{fill:var(--fetched)}.k{display:inline-block;width:.8em;height:.8em;border-radius:2px}
        .ks{background:var(--sent)}.kf{background:var(--fetched)}
        """;

    private static readonly string StyleHash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)));

    /// <summary>Its Content-Security-Policy.</summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src 'sha256-{StyleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Writes it.</summary>
    /// <param name="counters">What was done.</param>
    /// <param name="store">What is there.</param>
    /// <param name="settings">What the mirror holds to.</param>
    /// <param name="fetching">Fetches that go on.</param>
    public static string Of(Counters counters, MirrorStore store, MirrorSettings settings, int fetching)
    {
        var page = new StringBuilder();
        page.Append(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                + "content=\"width=device-width,initial-scale=1\"><title>Torchyard mirror</title><style>"
        );
        page.Append(Style).Append("</style></head><body><h1>Torchyard mirror</h1>");
        Figures(page, counters, store, settings, fetching);
        Chart(page, counters.LastHour());
        Images(page, ImageTable.Of(store), settings.Clock.GetUtcNow());
        Clients(page, counters.Clients, settings.Clock.GetUtcNow());
        return page.Append("</body></html>\n").ToString();
    }

    private static void Figures(StringBuilder page, Counters counters, MirrorStore store, MirrorSettings settings, int fetching)
    {
        var asked = counters.Hits + counters.Misses;
        page.Append("<dl>");
        Figure(
            "stored",
            ByteSize.Decimal(store.Blobs.Bytes) + (settings.Options.Quota is { } quota ? $" of {ByteSize.Decimal(quota)}" : "")
        );
        Figure(
            "blobs that were there",
            asked == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * counters.Hits / asked:0} %")
        );
        Figure("sent to clients", ByteSize.Decimal(counters.SentBytes));
        Figure("fetched", ByteSize.Decimal(counters.FetchedBytes.Sum(one => one.Value)));
        Figure("being fetched now", fetching.ToString(CultureInfo.InvariantCulture));
        Figure("failures of registries", counters.Failures.Sum(one => one.Value).ToString(CultureInfo.InvariantCulture));
        page.Append("</dl>");

        void Figure(string name, string value) => page.Append($"<div><dt>{name}</dt><dd>{WebUtility.HtmlEncode(value)}</dd></div>");
    }

    private static void Chart(StringBuilder page, IReadOnlyList<MinuteUse> minutes)
    {
        var most = Math.Max(1, minutes.Max(minute => Math.Max(minute.Sent, minute.Fetched)));
        page.Append(
            CultureInfo.InvariantCulture,
            $"<h2>The last hour</h2><svg viewBox=\"0 0 {minutes.Count * BarWidth} {ChartHeight}\" role=\"img\" aria-label=\"Bytes\">"
        );
        for (var index = 0; index < minutes.Count; index++)
        {
            Bar(index * BarWidth, minutes[index].Sent, 's', "sent");
            Bar((index * BarWidth) + (BarWidth / 2), minutes[index].Fetched, 'f', "fetched");
        }

        page.Append("</svg><p><span class=\"k ks\"></span> sent to clients, <span class=\"k kf\"></span> fetched from registries; ");
        page.Append(CultureInfo.InvariantCulture, $"the highest bar is {ByteSize.Decimal(most)} in a minute</p>");

        void Bar(int x, long bytes, char kind, string what)
        {
            if (bytes > 0)
            {
                var height = Math.Max(1.0, (double)ChartHeight * bytes / most);
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"<rect class=\"{kind}\" x=\"{x}\" y=\"{ChartHeight - height:0.#}\" width=\"{(BarWidth / 2) - 1}\" "
                );
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"height=\"{height:0.#}\"><title>{ByteSize.Decimal(bytes)} {what}</title></rect>"
                );
            }
        }
    }

    private static void Images(StringBuilder page, IReadOnlyList<ImageRow> images, DateTimeOffset now)
    {
        page.Append(CultureInfo.InvariantCulture, $"<h2>{Count.Of(images.Count, "image")}</h2>");
        if (images.Count == 0)
        {
            page.Append("<p>Nothing was pushed or pulled yet.</p>");
            return;
        }

        page.Append(
            "<div class=\"wide\"><table><thead><tr><th>image</th><th>from</th><th class=\"n\">size</th><th class=\"n\">here</th>"
                + "<th class=\"n\">shared</th><th class=\"n\">used</th></tr></thead><tbody>"
        );
        foreach (var image in images)
        {
            page.Append($"<tr><td>{WebUtility.HtmlEncode(image.Name)}</td><td>{(image.IsCopy ? "a registry" : "a push")}</td>");
            Number(page, ByteSize.Decimal(image.Bytes));
            Number(page, ByteSize.Decimal(image.Here));
            Number(page, ByteSize.Decimal(image.Shared));
            Number(page, image.Used is { } used ? Ago(now - used) : "-");
            page.Append("</tr>");
        }

        page.Append("</tbody></table></div>");
    }

    private static void Clients(StringBuilder page, IReadOnlyList<ClientUse> clients, DateTimeOffset now)
    {
        page.Append(CultureInfo.InvariantCulture, $"<h2>{Count.Of(clients.Count, "client")}</h2>");
        page.Append(
            "<div class=\"wide\"><table><thead><tr><th>address</th><th class=\"n\">requests</th><th class=\"n\">blobs</th>"
                + "<th class=\"n\">seen</th></tr></thead><tbody>"
        );
        foreach (var client in clients.Take(MostClients))
        {
            page.Append($"<tr><td>{WebUtility.HtmlEncode(client.Address)}</td>");
            Number(page, client.Requests.ToString(CultureInfo.InvariantCulture));
            Number(page, ByteSize.Decimal(client.Bytes));
            Number(page, Ago(now - client.Seen));
            page.Append("</tr>");
        }

        page.Append("</tbody></table></div>");
    }

    private static void Number(StringBuilder page, string text) => page.Append($"<td class=\"n\">{WebUtility.HtmlEncode(text)}</td>");

    private static string Ago(TimeSpan time) =>
        time.TotalMinutes < 1 ? "now"
        : time.TotalHours < 1 ? $"{(int)time.TotalMinutes} min ago"
        : time.TotalDays < 1 ? $"{(int)time.TotalHours} h ago"
        : $"{(int)time.TotalDays} d ago";
}
