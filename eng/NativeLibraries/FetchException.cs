namespace Torchyard.NativeLibraries;

/// <summary>A failure that the person who builds can do something about; printed as one line.</summary>
internal sealed class FetchException(string message) : Exception(message);
