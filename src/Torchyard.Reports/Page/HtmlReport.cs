using System.Globalization;
using System.Net;
using System.Text;
using Torchyard.Platform.Text;
using Torchyard.Reports.Bench;
using Torchyard.Reports.Verify;

namespace Torchyard.Reports.Page;

/// <summary>A report as one HTML page: no scripts, no external resources; charts are SVG.</summary>
public static class HtmlReport
{
    /// <summary>The page.</summary>
    public static string Of(GpuReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var page = new StringBuilder();
        page.Append(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                + "content=\"width=device-width\">\n"
        );
        page.Append(
            CultureInfo.InvariantCulture,
            $"<title>torchyard {E(report.Kind)}: "
                + $"{E(report.Verdict.Text)}</title>\n<style>\n{EmbeddedText.Read(typeof(HtmlReport), "report.css")}</style>\n</head>\n"
                + $"<body>\n"
        );
        page.Append(CultureInfo.InvariantCulture, $"<h1>torchyard {E(report.Kind)}</h1>\n");
        page.Append(
            CultureInfo.InvariantCulture,
            $"<p class=\"verdict {(report.Verdict.Good ? "good" : "bad")}\"><strong>{E(report.Verdict.Text)}</strong></p>\n"
        );
        List(page, report.Verdict.Reasons);
        Machine(page, report);
        if (report.Verify.Count > 0)
        {
            Proofs(page, report.Verify);
        }

        if (report.Bench.Count > 0)
        {
            Numbers(page, report.Bench);
        }

        if (report.Training.Count > 0)
        {
            TrainingSection.Append(page, report.Training);
        }

        page.Append("</body>\n</html>\n");
        return page.ToString();
    }

    private static void Machine(StringBuilder page, GpuReport report)
    {
        page.Append(
            "<h2>Machine</h2>\n<table>\n<tr><th>GPU</th><th>Model</th><th class=\"number\">Memory</th><th class=\"number\">SM "
                + "clock</th><th class=\"number\">Power</th><th class=\"number\">Temperature</th></tr>\n"
        );
        foreach (var gpu in report.Gpus)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><td>{gpu.Index}</td><td>{E(gpu.Name ?? "unknown")}</td><td "
                    + $"class=\"number\">{gpu.MemoryTotalBytes / 1073741824.0:0.0} GiB</td><td class=\"number\">{gpu.SmClockMegahertz} "
                    + $"MHz</td><td class=\"number\">{gpu.PowerWatts:0} of {gpu.PowerLimitWatts:0} W</td><td "
                    + $"class=\"number\">{gpu.TemperatureCelsius} °C</td></tr>\n"
            );
        }

        page.Append(
            CultureInfo.InvariantCulture,
            $"</table>\n<p class=\"faint\">Driver {E(report.DriverVersion ?? "unknown")}, {report.Created:yyyy-MM-dd HH:mm} UTC</p>\n"
        );
        List(page, report.Libraries);
        List(page, report.Problems);
    }

    private static void Proofs(StringBuilder page, IReadOnlyList<VerifyResult> results)
    {
        page.Append(
            "<h2>Proofs</h2>\n<table>\n<tr><th>GPU</th><th>Proof</th><th>Result</th><th class=\"number\">Seconds</th><th>Detail</th></tr>\n"
        );
        foreach (var result in results)
        {
            var (style, text) = result.Outcome switch
            {
                VerifyOutcome.Passed => ("passed", "passed"),
                VerifyOutcome.Failed => ("failed", "failed"),
                VerifyOutcome.NotSupported => ("faint", "not supported"),
                _ => ("faint", "not tried"),
            };
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><td>{result.Gpu?.ToString(CultureInfo.InvariantCulture) ?? "all"}</td><td>{E(result.Name)}</td><td "
                    + $"class=\"{style}\">{text}</td><td class=\"number\">{result.Seconds:0.00}</td><td>{E(result.Detail)}</td></tr>\n"
            );
        }

        page.Append("</table>\n");
    }

    private static void Numbers(StringBuilder page, IReadOnlyList<BenchResult> results)
    {
        foreach (var gpu in results.Where(r => r.Gpu is not null).Select(r => r.Gpu).Distinct())
        {
            page.Append(CultureInfo.InvariantCulture, $"<h2>GPU {gpu}: share of the hardware's peak</h2>\n");
            page.Append("<p class=\"faint\">Grey: the data sheet's peak. Red line: what GPUs of this model usually reach.</p>\n");
            page.Append(SvgChart.Bars([.. results.Where(r => r.Gpu == gpu && r is { Missing: null, Peak: > 0 })]));
        }

        foreach (var result in results.Where(r => r.Series.Count > 1))
        {
            page.Append(CultureInfo.InvariantCulture, $"<h2>{E(result.Name)}: {E(result.Detail)}</h2>\n");
            page.Append(SvgChart.Curve(result));
        }

        page.Append(
            "<h2>Numbers</h2>\n<table>\n<tr><th>GPU</th><th>Measured</th><th class=\"number\">Median</th><th "
                + "class=\"number\">Best</th><th>Unit</th><th class=\"number\">Peak</th><th class=\"number\">Usual</th><th>How</th></tr>\n"
        );
        foreach (var result in results)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><td>{result.Gpu?.ToString(CultureInfo.InvariantCulture) ?? "all"}</td><td>{E(result.Name)}</td><td "
                    + $"class=\"number\">{Number(result.Missing is null ? result.Value : null)}</td><td "
                    + $"class=\"number\">{Number(result.Missing is null ? result.Best : null)}</td><td>{E(result.Unit)}</td><td "
                    + $"class=\"number\">{Number(result.Peak)}</td><td "
                    + $"class=\"number\">{Number(result.Usual)}</td><td>{E(result.Missing ?? result.Detail)}</td></tr>\n"
            );
        }

        page.Append("</table>\n");
    }

    private static void List(StringBuilder page, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        page.Append("<ul>\n");
        foreach (var line in lines)
        {
            page.Append(CultureInfo.InvariantCulture, $"<li>{E(line)}</li>\n");
        }

        page.Append("</ul>\n");
    }

    private static string Number(double? value) => value is { } v ? v.ToString(v < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) : "–";

    private static string E(string text) => WebUtility.HtmlEncode(text);
}
