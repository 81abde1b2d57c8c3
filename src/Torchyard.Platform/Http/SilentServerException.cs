using System.Globalization;

namespace Torchyard.Platform.Http;

/// <summary>A server has stopped sending in the middle of its answer.</summary>
/// <param name="silence">For how long it was waited for.</param>
public sealed class SilentServerException(TimeSpan silence)
    : IOException(string.Create(CultureInfo.InvariantCulture, $"the server sent nothing for {silence.TotalSeconds:0.#} s"));
