using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Environment;

namespace Torchyard.EndToEnd.FirstDay;

/// <summary>What docs/recipe.md says that the preset <c>cpu</c> costs.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class DocumentedSizeTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_preset_costs_what_its_page_says_within_a_tenth()
    {
        var row = File.ReadLines(SourceTree.At("docs/recipe.md")).Single(line => line.StartsWith("| `cpu` |", StringComparison.Ordinal));
        var cells = row.Split('|').Select(cell => cell.Trim()).ToList();
        var sizes = Regex
            .Matches(await File.ReadAllTextAsync(Path.Combine(environment.Project, "torchyard.lock"), Cancellation), @"(?m)^size = (\d+)$")
            .Select(match => long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))
            .ToList();
        var images = await environment.Store.RunAsync(environment.Project, ["images", "--json"], Cancellation);
        using var list = JsonDocument.Parse(images.Succeeded().Output);
        var image = list
            .RootElement.EnumerateArray()
            .Single(image => image.GetProperty("names").EnumerateArray().Any(name => name.GetString() == environment.Report.Image));

        Near(cells[3], sizes.Count);
        Near(cells[4], sizes.Sum() / 1e6);
        Near(cells[5], image.GetProperty("size").GetInt64() / 1e6);
        Near(cells[6], image.GetProperty("layers").GetInt32());
    }

    private static void Near(string said, double measured)
    {
        var number = double.Parse(Regex.Match(said, "[0-9.]+").Value, CultureInfo.InvariantCulture);
        Assert.True(Math.Abs(number - measured) <= measured / 10, $"the page says {said}, and it is {measured:0.#}");
    }
}
