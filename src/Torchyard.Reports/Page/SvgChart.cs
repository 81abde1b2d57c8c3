using System.Globalization;
using System.Net;
using System.Text;
using Torchyard.Reports.Bench;

namespace Torchyard.Reports.Page;

/// <summary>Charts as SVG text.</summary>
internal static class SvgChart
{
    private const int RowHeight = 26;
    private const int Left = 190;
    private const int BarWidth = 480;
    private const int Right = 210;

    /// <summary>One bar a number: its share of the peak, with a mark at the usual value.</summary>
    public static string Bars(IReadOnlyList<BenchResult> results)
    {
        if (results.Count == 0)
        {
            return "";
        }

        var svg = Open(Left + BarWidth + Right, results.Count * RowHeight + 4);
        for (var i = 0; i < results.Count; i++)
        {
            var result = results[i];
            var y = i * RowHeight;
            var share = Math.Clamp(result.Value / result.Peak!.Value, 0, 1);
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{y + 17}\" text-anchor=\"end\">{E(result.Name)}</text>");
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"rest\" x=\"{Left}\" y=\"{y + 5}\" width=\"{BarWidth}\" height=\"16\"/>"
            );
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"bar\" x=\"{Left}\" y=\"{y + 5}\" width=\"{share * BarWidth:0.0}\" height=\"16\"/>"
            );
            if (result.Usual is { } usual)
            {
                var x = Left + Math.Clamp(usual / result.Peak.Value, 0, 1) * BarWidth;
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<line class=\"mark\" x1=\"{x:0.0}\" y1=\"{y + 3}\" x2=\"{x:0.0}\" y2=\"{y + 23}\"><title>usual: {usual:0.#} "
                        + $"{E(result.Unit)}</title></line>"
                );
            }

            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{Left + BarWidth + 8}\" y=\"{y + 17}\">{result.Value:0.#} of {result.Peak:0.#} {E(result.Unit)} "
                    + $"({result.Value / result.Peak:0%})</text>\n"
            );
        }

        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>A rate against the message size, the size on a logarithmic axis.</summary>
    public static string Curve(BenchResult result)
    {
        const int width = 640,
            height = 220,
            left = 60,
            bottom = 30;
        var top = Math.Max(result.Peak ?? 0, result.Series.Max(p => p.Value)) * 1.05;
        var first = Math.Log2(result.Series[0].Bytes);
        var last = Math.Log2(result.Series[^1].Bytes);
        double X(long bytes) => left + (Math.Log2(bytes) - first) / Math.Max(1, last - first) * (width - left - 20);
        double Y(double value) => height - bottom - value / top * (height - bottom - 10);
        var svg = Open(width, height);
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<line class=\"axis\" x1=\"{left}\" y1=\"{Y(0):0.0}\" x2=\"{width - 20}\" y2=\"{Y(0):0.0}\"/>"
        );
        if (result.Peak is { } peak)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<line class=\"mark\" x1=\"{left}\" y1=\"{Y(peak):0.0}\" x2=\"{width - 20}\" y2=\"{Y(peak):0.0}\"/><text "
                    + $"x=\"{left - 6}\" y=\"{Y(peak) + 4:0.0}\" text-anchor=\"end\">{peak:0}</text>"
            );
        }

        var points = string.Join(
            ' ',
            result.Series.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.Bytes):0.0},{Y(p.Value):0.0}"))
        );
        svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"curve\" points=\"{points}\"/>");
        foreach (var point in result.Series)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<circle class=\"bar\" cx=\"{X(point.Bytes):0.0}\" cy=\"{Y(point.Value):0.0}\" r=\"3\"><title>{point.Value:0.0} "
                    + $"{E(result.Unit)}</title></circle>"
            );
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{X(point.Bytes):0.0}\" y=\"{height - 10}\" text-anchor=\"middle\">{Size(point.Bytes)}</text>"
            );
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static StringBuilder Open(int width, int height) =>
        new StringBuilder().Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {width} {height}\" width=\"100%\" role=\"img\">\n");

    private static string Size(long bytes) =>
        bytes >= 1 << 30 ? $"{bytes >> 30} GiB"
        : bytes >= 1 << 20 ? $"{bytes >> 20} MiB"
        : $"{bytes >> 10} KiB";

    private static string E(string text) => WebUtility.HtmlEncode(text);
}
