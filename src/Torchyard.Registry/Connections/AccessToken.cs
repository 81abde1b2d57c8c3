namespace Torchyard.Registry.Connections;

/// <summary>A token that a registry takes for a while.</summary>
/// <param name="Value">What is sent. It is in no message.</param>
/// <param name="Until">When it ends.</param>
internal sealed record AccessToken(string Value, DateTimeOffset Until)
{
    /// <inheritdoc />
    public override string ToString() => $"a token until {Until:O}";
}
