namespace Torchyard.Registry.Connections;

/// <summary>One question to a registry.</summary>
/// <param name="Method">How.</param>
/// <param name="Address">What.</param>
/// <param name="What">The same for people, as the object of a sentence: <c>the manifest of …</c>.</param>
internal sealed record RegistryRequest(HttpMethod Method, Uri Address, string What)
{
    /// <summary>What a token must allow: <c>repository:NAME:pull</c>; several are asked for in this order.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Adds headers.</summary>
    public Action<HttpRequestMessage>? Prepare { get; init; }

    /// <summary>Makes what is sent.</summary>
    public Func<HttpContent>? Content { get; init; }

    /// <summary>False where a second try of the same would not be the same.</summary>
    public bool IsRepeatable { get; init; } = true;

    /// <summary>The scope for reading a repository.</summary>
    public static IReadOnlyList<string> Pull(string repository) => [$"repository:{repository}:pull"];

    /// <summary>The scope for writing to it.</summary>
    public static IReadOnlyList<string> Push(string repository) => [$"repository:{repository}:pull,push"];
}
