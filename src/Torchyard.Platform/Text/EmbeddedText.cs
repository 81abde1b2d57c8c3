namespace Torchyard.Platform.Text;

/// <summary>Text files that travel in the binary.</summary>
public static class EmbeddedText
{
    /// <summary>The whole of one, UTF-8.</summary>
    /// <param name="owner">A type of the assembly that has it.</param>
    /// <param name="name">Its logical name.</param>
    public static string Read(Type owner, string name)
    {
        ArgumentNullException.ThrowIfNull(owner);
        using var stream = owner.Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
