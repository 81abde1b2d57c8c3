using System.Text;

namespace Torchyard.Recipes.Presets;

/// <summary>The training script that ships with the program and is written by <c>init --example</c>.</summary>
public static class TrainingExample
{
    /// <summary>Its file name.</summary>
    public const string FileName = "train.py";

    /// <summary>Its text.</summary>
    public static string Read()
    {
        using var stream = typeof(TrainingExample).Assembly.GetManifestResourceStream("example/" + FileName)
            ?? throw new InvalidOperationException("the program was built without its example");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
