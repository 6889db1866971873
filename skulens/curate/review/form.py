"""The form in which people judge a query: Label Studio's labeling configuration, and its names.

One task is one query. Its references and candidates are lists of any length, so they stand in
Repeater tags, which Label Studio expands in the browser: item 3 of `candidates` is judged by the
control `fits_3` on the object `about_3`. Pictures stand in Image tags: hypertext would allow more
of a layout, but its sanitizer removes data: addresses.

Nothing here needs Label Studio's SDK: a task is JSON and the form a page of XML, both described in
its documentation; the tests hold them against the SDK's types.
"""

from typing import Literal, get_args

Decision = Literal["keep", "rewrite", "delete", "add positives", "ambiguous"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
"""What is to become of a query, as MERIT's annotators decide it (A.4.2; ambiguous: B.4)."""
DECISION, REWRITE, COMMENT, FITS, ABOUT, INSTRUCTION = (
    "decision",
    "rewrite",
    "comment",
    "fits",
    "about",
    "instruction",
)
"""Names of controls and objects; those of a candidate have its number behind: "fits_3"."""
YES, NO = "yes", "no"
SAID = {
    "keep": "Keep: the words are right, and the answers marked below are all",
    "rewrite": "Rewrite: the words are unclear or wrong; correct them below",
    "delete": "Delete: not a query that a shopper would ask, or one without an answer",
    "add positives": "Add positives: the words are right, and further products below fit",
    "ambiguous": "Ambiguous: it can be understood in two ways",
}


def labeling_config() -> str:
    """The form as XML, to be pasted into a project's labeling interface (Code)."""
    choices = "\n".join(f'      <Choice value="{d}" hint="{SAID[d]}"/>' for d in DECISIONS)
    guide = "".join(f"{SAID[d]}. " for d in DECISIONS)
    return f"""<View>
  <Style>
    .shown {{ display: flex; flex-wrap: wrap; gap: 1em; }}
    .product {{ width: 15em; }}
  </Style>
  <Header value="Which products does this query ask for?"/>
  <Text name="{INSTRUCTION}" value="$instruction"/>
  <Text name="asked" value="$conditions"/>
  <View className="shown">
    <Repeater on="$references" indexFlag="{{{{idx}}}}">
      <View className="product">
        <Image name="picture_{{{{idx}}}}" value="$references[{{{{idx}}}}].picture"/>
        <Text name="title_{{{{idx}}}}" value="$references[{{{{idx}}}}].title"/>
      </View>
    </Repeater>
  </View>
  <Text name="first" value="$first"/>
  <Header value="{guide.strip()}" size="5"/>
  <Choices name="{DECISION}" toName="{INSTRUCTION}" choice="single-radio" required="true" requiredMessage="Decide what is to become of the query">
{choices}
  </Choices>
  <View visibleWhen="choice-selected" whenTagName="{DECISION}" whenChoiceValue="rewrite">
    <Header value="Better words; leave the tags &lt;Product 1&gt; ... &lt;/Product 1&gt; and what stands in them" size="5"/>
    <TextArea name="{REWRITE}" toName="{INSTRUCTION}" value="$words" rows="4" maxSubmissions="1" editable="true"/>
  </View>
  <Header value="Does the product satisfy every condition?" size="5"/>
  <View className="shown">
    <Repeater on="$candidates" indexFlag="{{{{idx}}}}">
      <View className="product">
        <Image name="candidate_{{{{idx}}}}" value="$candidates[{{{{idx}}}}].picture"/>
        <Text name="{ABOUT}_{{{{idx}}}}" value="$candidates[{{{{idx}}}}].title"/>
        <Choices name="{FITS}_{{{{idx}}}}" toName="{ABOUT}_{{{{idx}}}}" choice="single-radio" showInline="true">
          <Choice value="{YES}"/>
          <Choice value="{NO}"/>
        </Choices>
      </View>
    </Repeater>
  </View>
  <TextArea name="{COMMENT}" toName="{INSTRUCTION}" rows="2" maxSubmissions="1" editable="true" placeholder="Comment"/>
</View>
"""


def choice(name: str, to: str, value: str) -> dict[str, object]:
    """One entry of a prediction's or annotation's result: this choice was made."""
    return {
        "id": name,
        "from_name": name,
        "to_name": to,
        "type": "choices",
        "value": {"choices": [value]},
    }
