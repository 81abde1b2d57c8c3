using System.Globalization;
using System.Net;
using System.Text;
using Torchyard.Reports.Bench;

namespace Torchyard.Reports.Page;

/// <summary>The part of the page that shows what training reached.</summary>
internal static class TrainingSection
{
    /// <summary>Adds charts and table.</summary>
    public static void Append(StringBuilder page, IReadOnlyList<TrainingResult> results)
    {
        var measured = results.Where(r => r.Missing is null).ToList();
        if (measured.Count > 0)
        {
            var first = measured[0];
            var most = measured.Max(r => r.TokensPerSecond);
            page.Append(
                CultureInfo.InvariantCulture,
                $"<h2>Training a GPT of {E(first.Size)} parameters</h2>\n<p class=\"faint\">{E(first.Gpu)}, {first.Context} tokens of "
                    + $"context, batches of {first.Batch}. Longer is faster.</p>\n"
            );
            page.Append(
                SvgChart.Bars([.. measured.Select(r => Bar(r, r.TokensPerSecond / 1000, "thousand tokens/s") with { Peak = most / 1000 })])
            );
            page.Append("<h2>Training: share of the hardware's peak (MFU)</h2>\n");
            page.Append("<p class=\"faint\">Grey: the data sheet's dense peak. Red line: what others reached on such a GPU.</p>\n");
            page.Append(
                SvgChart.Bars([
                    .. measured
                        .Where(r => r.Peak > 0)
                        .Select(r => Bar(r, r.Tflops, "TFLOPS") with { Peak = r.Peak, Usual = r.Reference?.Tflops }),
                ])
            );
        }

        page.Append(
            "<table>\n<tr><th>Precision</th><th class=\"number\">Tokens/s</th><th class=\"number\">Times FP32</th><th "
                + "class=\"number\">Of linear</th><th class=\"number\">TFLOPS</th><th class=\"number\">MFU</th><th "
                + "class=\"number\">GiB</th><th class=\"number\">mJ/token</th><th class=\"number\">Others' TFLOPS</th></tr>\n"
        );
        foreach (var result in results)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{E(TrainingBench.Name(result))}</td>");
            if (result.Missing is { } why)
            {
                page.Append(CultureInfo.InvariantCulture, $"<td class=\"faint\" colspan=\"8\">{E(why)}</td></tr>\n");
                continue;
            }

            foreach (var cell in TrainingTable.Cells(result))
            {
                page.Append(CultureInfo.InvariantCulture, $"<td class=\"number\">{E(cell)}</td>");
            }

            page.Append("</tr>\n");
        }

        page.Append("</table>\n");
        foreach (var source in results.Select(r => r.Reference?.Source).OfType<string>().Distinct())
        {
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"faint\">{E(source)}</p>\n");
        }
    }

    private static BenchResult Bar(TrainingResult result, double value, string unit) =>
        new()
        {
            Area = "training",
            Key = "training." + result.Precision,
            Name = TrainingBench.Name(result),
            Unit = unit,
            Value = value,
            Best = value,
            Detail = result.Size,
        };

    private static string E(string text) => WebUtility.HtmlEncode(text);
}
