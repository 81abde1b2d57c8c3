using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Packages.Debian.Archives;

/// <summary>An archive of the recipe's <c>[[archives]]</c>.</summary>
/// <param name="Settings">What the recipe says of it.</param>
/// <param name="KeyDigest">Hash of the file with its key.</param>
/// <param name="Place">Where one of its keys stands in the recipe; null where that is not known.</param>
internal sealed record FurtherArchive(ArchiveSettings Settings, Digest KeyDigest, Func<string, SourceLocation?> Place);
