"""What a server of OpenAI's chat completions needs: the door, requests, answers, errors, pace."""
