using Torchyard.Platform.Files;

namespace Torchyard.Recipes.Settings;

/// <summary>
/// A cache of downloads that the environments of one user share: one directory of the store, mounted into each that asks for it. The
/// programs lock or rename what they write there, so that several may use it at once.
/// </summary>
/// <param name="Name">Name in a recipe, and of the directory.</param>
/// <param name="Variables">Variables that lead there; <c>{0}</c> is its directory inside.</param>
public sealed record SharedCache(string Name, IReadOnlyDictionary<string, string> Variables)
{
    /// <summary>Directory of all caches inside.</summary>
    public const string Root = "/var/cache/torchyard";

    /// <summary>All that there are.</summary>
    public static IReadOnlyList<SharedCache> All { get; } =
    [
        new(
            "huggingface",
            new Dictionary<string, string>
            {
                ["HF_HOME"] = "{0}",
                // What `hf auth login` writes stays with the project.
                ["HF_TOKEN_PATH"] = EnvironmentPlaces.Home + "/.cache/huggingface/token",
                ["HF_STORED_TOKENS_PATH"] = EnvironmentPlaces.Home + "/.cache/huggingface/stored_tokens",
            }
        ),
        new("pip", new Dictionary<string, string> { ["PIP_CACHE_DIR"] = "{0}" }),
        new("torch", new Dictionary<string, string> { ["TORCH_HOME"] = "{0}" }),
        new("uv", new Dictionary<string, string> { ["UV_CACHE_DIR"] = "{0}", ["UV_LINK_MODE"] = "copy" }),
    ];

    /// <summary>Its directory inside.</summary>
    public string Target => $"{Root}/{Name}";

    /// <summary>The cache of a name; null for none.</summary>
    public static SharedCache? Find(string name) => All.FirstOrDefault(cache => cache.Name == name);

    /// <summary>Variables with the directory filled in.</summary>
    public IEnumerable<KeyValuePair<string, string>> Filled =>
        Variables.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Replace("{0}", Target, StringComparison.Ordinal)));
}
