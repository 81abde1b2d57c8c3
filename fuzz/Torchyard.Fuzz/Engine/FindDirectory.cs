namespace Torchyard.Fuzz.Engine;

/// <summary>Where inputs that show faults are kept, each with a text that says what it showed.</summary>
internal sealed class FindDirectory(string directory)
{
    /// <summary>Keeps an input and returns its path.</summary>
    public string Write(string target, byte[] input, Fault fault)
    {
        var place = Directory.CreateDirectory(Path.Combine(directory, target)).FullName;
        var path = Path.Combine(place, Digest.Of(input).Hex[..16]);
        File.WriteAllBytes(path, input);
        File.WriteAllText(path + ".txt", fault.Text + "\n");
        return path;
    }
}
