using System.Text;

namespace Torchyard.Recipes.Presets;

/// <summary>A training script that ships with the program and is written by <c>init --example</c>.</summary>
/// <param name="Name">What the user calls it.</param>
/// <param name="FileName">Name of the file.</param>
/// <param name="Summary">What it trains.</param>
public sealed record TrainingExample(string Name, string FileName, string Summary)
{
    /// <summary>The one that is written when none is named.</summary>
    public static TrainingExample Default { get; } = new("cnn", "train.py", "a small network on pictures that it makes itself");

    /// <summary>The transformer, which <c>bench train</c> measures as well.</summary>
    public static TrainingExample Gpt { get; } = new("gpt", "gpt.py", "a transformer on text, in every precision, on any number of GPUs");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<TrainingExample> All { get; } = [Default, Gpt];

    /// <summary>Its text.</summary>
    public string Read()
    {
        using var stream = typeof(TrainingExample).Assembly.GetManifestResourceStream("example/" + FileName)
            ?? throw new InvalidOperationException("the program was built without its example");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
